import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ownPrograms } from "../support/drivers/bwrap.ts";
import { onTerminal, siloOnTerminal } from "../support/pty.ts";
import { slot } from "../support/slot.ts";
import { finished, probe, silo, siloCommand, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { destroyWorld, makeWorld, put, sweepWorld, type World } from "../support/world.ts";
import { BASE_CONFIG, PROBE_CONFIG, TESTER } from "../support/settings.ts";

const MINUTES = 5 * 60_000;

let world: World;
beforeEach(() => {
  world = makeWorld({ backend: "bwrap" });
});
afterEach(() => {
  expect(sweepWorld(world)).toEqual([]);
  destroyWorld(world);
});

const configure = (more: object) =>
  put(world, "home/.config/silo/silo.jsonc", JSON.stringify({ ...PROBE_CONFIG, ...more }));
const prefixes = () => {
  const folder = join(world.home, ".cache/silo/bwrap");
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** Deletes the built prefixes, for tests of builds. */
const forgetBuilt = () =>
  rmSync(join(world.home, ".cache/silo/bwrap"), { recursive: true, force: true });

describe("isolation", () => {
  test(
    "the sandbox sees the system directories and the planned mounts of the host, nothing else",
    async () => {
      put(world, "home/.ssh/id", "private");
      put(world, "secret/file", "private");
      const { stdout } = await probe(
        world,
        [
          `cat ~/.ssh/id ${world.root}/secret/file 2>/dev/null`,
          "ls -A ~ | tr '\\n' ' '; echo",
          "ls -d /root /home /var/lib /boot /sys /etc/shadow /run/* 2>/dev/null | tr '\\n' ' '",
          "touch /usr/x /opt/silo/x /etc/x 2>/dev/null && echo written",
          "ls /proc | grep -c '^[0-9]'",
          "ls /dev | tr '\\n' ' '",
        ].join("; "),
      );
      const [home = "", outside = "", processes = "", devices = ""] = stdout.split("\n");
      expect(home.trim()).toBe(".cache .codex .config .local");
      expect(outside).toMatch(/^\d+$/);
      expect(Number(outside)).toBeLessThan(12);
      expect(processes).not.toMatch(/sda|vda|mem|kmsg|fuse/);
      expect(devices).toBe("");
    },
    MINUTES,
  );

  test(
    "the sandbox cannot see or signal host processes, shares no memory with them, and has its own hostname",
    async () => {
      const { stdout } = await probe(
        world,
        `kill -0 ${process.pid} 2>/dev/null || echo unseen; ls /proc/${process.pid} 2>/dev/null || echo hidden; ipcs -m | tail -n +4 | wc -l; hostname`,
      );
      expect(stdout).toMatch(/^unseen\nhidden\n\d\np\w+-1\n$/);
    },
    MINUTES,
  );

  test(
    "a mount that is configured by a link in the project is available at both paths",
    async () => {
      const real = join(world.project, "real");
      mkdirSync(real);
      symlinkSync(real, join(world.project, "data"));
      const config = { ...PROBE_CONFIG, mounts_ro: [join(world.project, "data")] };
      put(world, "home/.config/silo/silo.jsonc", JSON.stringify(config));
      const { stdout } = await probe(world, "for d in real data; do touch $d/x || echo kept; done");
      expect(stdout).toBe("kept\nkept\n");
    },
    MINUTES,
  );

  test(
    "the environment has only the plan's variables",
    async () => {
      const { stdout } = await probe(world, "env", {
        env: { SECRET_KEY: "s3cr3t", LD_PRELOAD: "" },
      });
      expect(stdout).not.toContain("s3cr3t");
      expect(stdout).toContain(`HOME=${world.home}\n`);
    },
    MINUTES,
  );

  test(
    "host names resolve and certificates are available as on the host",
    async () => {
      const { stdout } = await probe(
        world,
        "getent hosts localhost | head -n 1; ls /etc/ssl/certs | head -n 1",
      );
      expect(stdout.split("\n")[0]).toContain("localhost");
    },
    MINUTES,
  );

  test(
    "the tool has its own terminal, and cannot inject input into the user's",
    async () => {
      // TIOCSTI injects a character into the terminal's input, which the user's shell would read.
      const inject = `perl -e 'for (split //, "touch ${world.project}/typed\\n") { ioctl STDIN, 0x5412, $_ }'`;
      const pty = siloOnTerminal(
        world,
        ["codex", "--", "probe", `${inject}; tty; exit 3`],
        "read -t 1 line; echo [$line]",
      );
      await pty.shows("silo ended with 3");
      await pty.shows("[]");
      await pty.exited;
      expect(existsSync(join(world.project, "typed"))).toBe(false);
    },
    MINUTES,
  );
});

test(
  "in a pipeline on a terminal the tool cannot inject input either, and Ctrl-C still stops it",
  async () => {
    const inject = `perl -e 'for (split //, "x\\n") { ioctl STDERR, 0x5412, $_; ioctl STDOUT, 0x5412, $_ }'`;
    const script = `${inject}; echo ready; exec sleep 300`;
    const [bin, args] = siloCommand(world, ["codex", "--", "probe", script]);
    const line = 'echo | "$@"; echo "ended with $?"; read -t 1 line; echo "[$line]"';
    const pty = onTerminal(["bash", "-c", `trap : INT; ${line}`, "bash", bin, ...args], world);
    await pty.shows("ready");
    pty.type("\u0003");
    await pty.shows("ended with 130");
    await pty.shows("[]");
    await pty.exited;
  },
  MINUTES,
);

describe.each([
  ["root", undefined],
  ["an ordinary user", TESTER],
])("exec, for %s", (_, user) => {
  test(
    "runs with the sandbox's user, directory and environment, and without capabilities",
    async () => {
      destroyWorld(world);
      world = makeWorld({ backend: "bwrap", ...(user === undefined ? {} : { user }) });
      configure({ env: ["INSIDE=yes"] });
      const child = startSilo(world, [
        "codex",
        "--",
        "probe",
        "touch up /tmp/mark; exec sleep 300",
      ]);
      const end = finished(child);
      await eventually("it runs", () => existsSync(join(world.project, "up")));
      const name = (await silo(world, ["ls", "-q"])).stdout.trim();
      const script =
        'echo "$(id -u) $PWD $INSIDE $(hostname)"; ls /tmp/mark; grep -E "CapEff|NoNew" /proc/self/status | tr -d "\\n"; ls /proc | grep -c "^[0-9]"; cat; exit 6';
      const inside = await silo(world, ["exec", name, "sh", "-c", script], { input: "piped" });
      expect(inside.stderr).toBe("");
      const uid = user?.uid ?? 0;
      expect(inside.stdout).toMatch(
        new RegExp(
          `^${uid} ${world.project} yes ${name}\n/tmp/mark\nCapEff:\t0+NoNewPrivs:\t1\\d\npiped$`,
        ),
      );
      expect(inside.code).toBe(6);
      const pty = siloOnTerminal(world, ["shell", name]);
      pty.type("echo here-$((40+2)); exit 5\r");
      await pty.shows("here-42");
      expect(await pty.exited).toBe(5);
      await silo(world, ["rm", "--force", name]);
      expect((await end).code).toBe(137);
    },
    MINUTES,
  );
});

describe("builds", () => {
  test(
    "concurrent builds of one image build it once, and a killed build is not used",
    async () => {
      forgetBuilt();
      const hook =
        "while [ -e /tmp/never ] || [ ! -e ~/x ]; do sleep 0.05; [ $((n+=1)) -lt 40 ] || break; done";
      configure({ post_build_hooks: [hook] });
      const child = startSilo(world, ["codex", "--", "probe", "true"]);
      const end = finished(child);
      await eventually("it builds", () => prefixes().some((name) => name.includes(".building-")));
      child.kill("SIGKILL");
      await end;
      expect(prefixes().filter((name) => !name.includes(".building-"))).toEqual([]);
      configure({});
      const [one, two] = await Promise.all([probe(world, "echo a"), probe(world, "echo b")]);
      expect([one.stdout, two.stdout]).toEqual(["a\n", "b\n"]);
      const built = `${one.stderr}${two.stderr}`.match(/^built /gm) ?? [];
      expect(built).toHaveLength(1);
    },
    MINUTES,
  );

  test(
    "a hook can write only to the prefix and its home, and runs see these files",
    async () => {
      configure({
        post_build_hooks: [
          "echo tool > /opt/silo/bin/mine; chmod 755 /opt/silo/bin/mine; mkdir -p ~/.local/bin; echo home > ~/.local/bin/own; touch /usr/x 2>/dev/null || true; echo dot > ~/.dotfile",
        ],
      });
      const { stdout } = await probe(
        world,
        "cat /opt/silo/bin/mine ~/.local/bin/own ~/.dotfile; ls /usr/x 2>&1 | wc -l",
      );
      expect(stdout).toBe("tool\nhome\ndot\n1\n");
      expect(existsSync("/usr/x")).toBe(false);
    },
    MINUTES,
  );

  test(
    "prune removes prefixes that no project uses, except for running ones",
    async () => {
      await probe(world, "true");
      const state = join(world.home, ".local/state/silo/projects");
      const kept = await silo(world, ["prune", "--yes", "--backend", "bwrap"]);
      expect([kept.code, prefixes().length]).toEqual([0, 1]);
      // Without any recorded project the prefix is unused, but a sandbox still runs with it.
      const child = startSilo(world, ["codex", "--", "probe", "touch up; exec sleep 300"]);
      const end = finished(child);
      await eventually("it runs", () => existsSync(join(world.project, "up")));
      rmSync(state, { recursive: true });
      const used = await silo(world, ["prune", "--yes", "--backend", "bwrap"]);
      expect(used.stderr).toContain("is in use by a container and was kept");
      expect(prefixes()).toHaveLength(1);
      await silo(world, ["rm", "--force", "--all"]);
      await end;
      rmSync(state, { recursive: true, force: true });
      const gone = await silo(world, ["prune", "--yes", "--backend", "bwrap"]);
      expect(gone.stdout).toMatch(/^silo-codex:\w+\n$/);
      expect(prefixes()).toEqual([]);
    },
    MINUTES,
  );
});

test(
  "a port has the same number on the host, and a mapped port is refused before the build",
  async () => {
    forgetBuilt();
    configure({ ports: ["18081:80"] });
    const { code, stderr } = await probe(world, "true");
    expect([code, prefixes()]).toEqual([1, []]);
    expect(stderr).toContain("cannot map port 18081 to 80: bwrap uses the host's network");
    expect(stderr).toContain('set "ports": ["80:80"]');
  },
  MINUTES,
);

test(
  "if silo is killed, the whole sandbox is killed",
  async () => {
    // Only processes of this test run.
    const seconds = `321.${slot()}`;
    const child = startSilo(world, ["codex", "--", "probe", `touch up; exec sleep ${seconds}`]);
    const end = finished(child);
    await eventually("it runs", () => existsSync(join(world.project, "up")));
    child.kill("SIGKILL");
    const sleeping = () =>
      readdirSync("/proc").some((pid) => {
        try {
          return (
            /^\d+$/.test(pid) &&
            readFileSync(`/proc/${pid}/cmdline`, "utf8") === `sleep\u0000${seconds}\u0000`
          );
        } catch {
          return false;
        }
      });
    await eventually("nothing of it is left", () => !sleeping());
    await end;
  },
  MINUTES,
);

test(
  "exec without perl names the missing command",
  async () => {
    const child = startSilo(world, ["codex", "--", "probe", "touch up; exec sleep 300"]);
    const end = finished(child);
    await eventually("it runs", () => existsSync(join(world.project, "up")));
    ownPrograms(world);
    unlinkSync(join(world.root, "bin/perl"));
    const name = (await silo(world, ["ls", "-q"])).stdout.trim();
    const { code, stderr } = await silo(world, ["exec", name, "true"]);
    expect([code, stderr.split("\n")[0]]).toEqual([
      1,
      'error: the command "perl" is not installed',
    ]);
    await silo(world, ["rm", "--force", name]);
    await end;
  },
  MINUTES,
);

test(
  "a setuid bwrap is refused before it is started, and doctor reports it",
  async () => {
    ownPrograms(world);
    const program = join(world.root, "bin/bwrap");
    unlinkSync(program);
    writeFileSync(program, "#!/bin/sh\necho bubblewrap 0.11.1\n");
    chmodSync(program, 0o4755);
    forgetBuilt();
    const { code, stderr } = await probe(world, "true");
    expect([code, prefixes()]).toEqual([1, []]);
    expect(stderr).toContain("is setuid root");
    const doctor = await silo(world, ["doctor", "--backend", "bwrap"]);
    expect(doctor.stdout).toMatch(/bubblewrap 0\.11\.1 is setuid root/);
  },
  MINUTES,
);

test("a configured memory limit that cannot be set is an error", async () => {
  const user = makeWorld({
    backend: "bwrap",
    config: { ...PROBE_CONFIG, backends: { bwrap: { memory: "1g" } } },
    user: TESTER,
  });
  const { code, stdout, stderr } = await probe(user, "echo ran");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(
    "error: cannot set the memory limit of the sandbox: no systemd user manager",
  );
  expect(sweepWorld(user)).toEqual([]);
  destroyWorld(user);
});

describe("choice of the backend", () => {
  test("bwrap is never auto-detected if an engine's command is installed", async () => {
    const backend = async () =>
      (
        JSON.parse((await silo(world, ["codex", "--dry-run", "--json"])).stdout) as {
          backend: string;
        }
      ).backend;
    expect(await backend()).toBe("bwrap");
    ownPrograms(world);
    symlinkSync("/bin/false", join(world.root, "bin/docker"));
    expect(await backend()).toBe("docker");
  });

  test("a missing bwrap is an error with the install command", async () => {
    ownPrograms(world);
    unlinkSync(join(world.root, "bin/bwrap"));
    const { code, stderr } = await silo(world, ["codex", "--backend", "bwrap"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("apt-get install bubblewrap") as unknown as string,
    ]);
  });
});

describe("the real tools, with silo's own runtime in node's place", () => {
  beforeEach(() => {
    destroyWorld(world);
    world = makeWorld({ backend: "bwrap", config: BASE_CONFIG, user: TESTER });
    ownPrograms(world);
    for (const name of ["node", "npm"]) {
      if (existsSync(join(world.root, "bin", name))) unlinkSync(join(world.root, "bin", name));
    }
    mkdirSync(join(world.root, "empty"), { recursive: true });
  });

  test.each([
    ["claude", /Claude Code/],
    ["cline", /^\d+\.\d+\.\d+/],
    ["codex", /^codex-cli \d/],
    ["opencode", /^\d+\.\d+/],
    ["paperclipai", /^20\d\d\./],
    ["copilot", /GitHub Copilot CLI/],
  ])(
    "%s --version",
    async (tool, version) => {
      const { code, stdout, stderr } = await silo(world, [tool, "--", "--version"]);
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(version);
    },
    MINUTES,
  );

  test(
    "vibe runs if the host's Python is new enough, otherwise it is an error",
    async () => {
      const { code, stdout, stderr } = await silo(world, ["vibe", "--", "--version"]);
      if (code === 0) expect(stdout).toMatch(/vibe/i);
      else expect(stderr).toMatch(/Python 3\.12 or newer|venv/);
    },
    MINUTES,
  );
});
