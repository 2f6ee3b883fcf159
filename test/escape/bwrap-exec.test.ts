import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onTerminal } from "../support/pty.ts";
import { finished, silo, siloCommand, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { destroyWorld, makeWorld, put, sweepWorld, type World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";

const MINUTES = 5 * 60_000;

/** A module that records the mount namespace in which it was loaded. */
const MODULE = `package Evil; open my $out, ">>", $ENV{EVIL_CANARY}; print $out readlink("/proc/self/ns/mnt"), "\\n"; 1;\n`;

let world: World;
afterEach(() => {
  expect(sweepWorld(world)).toEqual([]);
  destroyWorld(world);
});

describe.each([
  ["root", undefined],
  ["an ordinary user", TESTER],
])("exec, for %s", (_, user) => {
  beforeEach(() => {
    world = makeWorld({ backend: "bwrap", ...(user === undefined ? {} : { user }) });
    put(world, `${world.project.slice(world.root.length + 1)}/lib/Evil.pm`, MODULE);
  });

  /** Starts a tool that runs until the test stops it. */
  const running = async (script: string) => {
    const child = startSilo(world, ["codex", "--", "probe", `touch up; ${script}`]);
    const end = finished(child);
    await eventually("it runs", () => existsSync(join(world.project, "up")));
    const name = (await silo(world, ["ls", "-q"])).stdout.trim();
    return {
      name,
      end: async () => {
        await silo(world, ["rm", "--force", name]);
        await end;
      },
    };
  };

  test(
    "no variable of the tool has a say in a program outside",
    async () => {
      const canary = join(world.project, "canary");
      const steering = {
        PERL5OPT: "-MEvil",
        PERL5LIB: `${world.project}/lib`,
        PERL5DB: "BEGIN { require Evil }",
        EVIL_CANARY: canary,
        LD_DEBUG: "files",
        LD_DEBUG_OUTPUT: `${world.project}/loaded`,
      };
      const words = Object.entries(steering).map(([name, value]) => `'${name}=${value}'`);
      const { name, end } = await running(`exec env ${words.join(" ")} sleep 300`);
      await eventually("it is another program", () =>
        readdirSync(world.project).some((file) => file.startsWith("loaded.")),
      );
      const host = readlinkSync("/proc/self/ns/mnt");
      const lines = () => (existsSync(canary) ? readFileSync(canary, "utf8").split("\n") : []);
      const loaders = () =>
        readdirSync(world.project)
          .filter((file) => file.startsWith("loaded."))
          .filter((file) => readFileSync(join(world.project, file), "utf8").includes("perl"));
      const { code, stdout } = await silo(world, ["exec", name, "sh", "-c", "echo $PERL5OPT"]);
      expect([code, stdout]).toEqual([0, "-MEvil\n"]);
      expect([lines(), loaders()]).toEqual([[], []]);
      // In the sandbox the command has the tool's environment, so the module is loaded there.
      await silo(world, ["exec", name, "perl", "-e", "1"]);
      expect(lines().length).toBeGreaterThan(0);
      expect(lines()).not.toContain(host);
      // A host program with that environment loads the module on the host.
      rmSync(canary);
      spawnSync("perl", ["-e", "1"], { env: steering });
      expect(lines()).toContain(host);
      await end();
    },
    MINUTES,
  );

  test(
    "beside a redirection, what runs inside has no descriptor of the user's terminal, which others there could open",
    async () => {
      const streams =
        "for n in 0 1 2; do [ ! -t $n ] || echo terminal $n; done; echo looked; read -r line; echo heard $line >&2";
      const { name, end } = await running("exec sleep 300");
      for (const silos of [
        ["exec", name, "sh", "-c", streams],
        ["codex", "--", "probe", streams],
      ]) {
        for (const redirection of ["| cat", "2>err | cat", "</dev/null"]) {
          const [bin, args] = siloCommand(world, silos);
          const script = `"$@" ${redirection}; echo "ended"; cat err 2>/dev/null; exec sleep 300`;
          const pty = onTerminal(["bash", "-c", script, "bash", bin, ...args], world);
          await pty.shows("looked");
          if (redirection !== "</dev/null") pty.type("a word\n");
          await pty.shows("ended");
          await pty.shows(redirection === "</dev/null" ? "heard" : "heard a word");
          expect(pty.screen()).not.toContain("terminal");
          pty.kill("SIGKILL");
          await pty.exited;
        }
      }
      await end();
    },
    MINUTES,
  );

  test(
    "in a pipeline it cannot type on the user's terminal, and Ctrl-C ends it",
    async () => {
      const { name, end } = await running("exec sleep 300");
      const inject = `perl -e 'open my $tty, "<", "/dev/tty"; for my $to ($tty, *STDIN, *STDERR, *STDOUT) { next if !defined fileno $to; ioctl $to, 0x5412, $_ for split //, "x\\n" }'`;
      const [bin, args] = siloCommand(world, [
        "exec",
        name,
        "sh",
        "-c",
        `${inject}; echo ready; exec sleep 300`,
      ]);
      const types = "perl -e 'for (split //, qq{y\\n}) { ioctl STDIN, 0x5412, my $c = $_ }'";
      const script = `trap : INT; "$@" | cat; echo "ended with \${PIPESTATUS[0]}"; read -t 1 line; echo "[$line]"; ${types}; read -t 1 line; echo "<$line>"`;
      const pty = onTerminal(["bash", "-c", script, "bash", bin, ...args], world);
      await pty.shows("ready");
      pty.type("\u0003");
      await pty.shows("ended with 130");
      await pty.shows("[]");
      // Without silo it works, if the kernel still allows it.
      const old = readFileSync("/proc/sys/dev/tty/legacy_tiocsti", "utf8").trim() === "1";
      await pty.shows(old ? "<y>" : "<>");
      await pty.exited;
      await end();
    },
    MINUTES,
  );

  test(
    "is held to what the sandbox is held to",
    async () => {
      const { name, end } = await running("exec sleep 300");
      const script =
        "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; ulimit -u; ulimit -c; unshare -U true 2>/dev/null || echo refused; ls /proc/self/fd | tr '\\n' ' '; cat /proc/self/oom_score_adj; touch made; readlink /proc/self/ns/user";
      const { stdout } = await silo(world, ["exec", name, "bash", "-c", script]);
      const zero = ["Inh", "Prm", "Eff", "Bnd", "Amb"].map((set) => `Cap${set}:\t0000000000000000`);
      expect(stdout.split("\n").slice(0, -2)).toEqual([
        ...zero,
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "4096",
        "0",
        "refused",
        "0 1 2 3 500",
      ]);
      expect(existsSync(join(world.project, "made"))).toBe(true);
      const inside = await silo(world, [
        "exec",
        name,
        "cat",
        "/proc/1/uid_map",
        "/proc/self/uid_map",
      ]);
      const [first, own] = inside.stdout.trimEnd().split("\n");
      expect(own).toBe(first ?? "");
      await end();
    },
    MINUTES,
  );

  test(
    "does not run on the host what was meant for a sandbox that has ended",
    async () => {
      const { name, end } = await running("exec sleep 300");
      const state = join(world.home, `.local/state/silo/bwrap/${name}.json`);
      const record = readFileSync(state, "utf8");
      await end();
      // The process id now belongs to a host process with another start time.
      const { started } = JSON.parse(record) as { started: string };
      const { execIn } = await import("../../src/backends/bwrap/exec.ts");
      const place = { directory: world.project, image: "silo-codex:0", tool: "codex" };
      const fake = {
        ...JSON.parse(record),
        ...place,
        pid: process.pid,
        started,
      } as Parameters<typeof execIn>[0];
      const limits = { memory: undefined, processes: 4096, tmp: undefined };
      const mark = join(world.project, "ran");
      expect(await execIn(fake, ["touch", mark], false, { cache: "/nowhere", limits })).toBe(1);
      expect(existsSync(mark)).toBe(false);
    },
    MINUTES,
  );
});
