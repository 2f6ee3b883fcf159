import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  clearKnob,
  cutLinks,
  fly,
  FLY_APP,
  flyCalls,
  flyContainer,
  flyMachines,
  inFlyMachine,
  leaked,
  setKnob,
  setSecret,
} from "../support/fly.ts";
import { siloOnTerminal, type Pty } from "../support/pty.ts";
import { probe, silo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { containers, put, type World, useWorld } from "../support/world.ts";
import { PROBE_CONFIG } from "../support/settings.ts";

const MINUTES = 5 * 60_000;
const HANGUP = 129;

const world = useWorld({ backend: "fly" });

const onTerminal = (script: string, where: World = world) =>
  siloOnTerminal(where, ["codex", "--", "probe", script]);
const inProject = (name: string) => join(world.project, name);
const content = (name: string) => readFileSync(inProject(name), "utf8");
const nameOf = () => containers(world)[0] ?? "";
const idOf = () => flyMachines(world)[0]?.id ?? "";

/** A tool that echoes its input until it is told to exit, with its own exit status. */
const TALK =
  'echo up; while read -r word; do [ "$word" = end ] && exit 7; echo "heard $word"; done';

async function up(pty: Pty): Promise<Pty> {
  await pty.shows("up", 240_000);
  return pty;
}

async function ends(pty: Pty, code: number): Promise<void> {
  expect(await pty.exited).toBe(code);
}

/** Interrupts the connection until the given work is done. */
async function whileCut(work: () => Promise<void> | void): Promise<void> {
  setKnob(world, "link-down");
  cutLinks(world);
  await work();
  clearKnob(world, "link-down");
}

/** The content of a file in a machine, read without silo's connection. */
const there = (name: string) =>
  inFlyMachine(world, idOf(), `cat '${inProject(name)}' 2>/dev/null || :`);

/** Shell lines that wait until `release` is called, which needs no connection. */
const WAIT = "until [ -e /tmp/go ]; do sleep 0.05; done";
const release = () => void inFlyMachine(world, idOf(), "touch /tmp/go");

describe("a tool that outlives its silo process", () => {
  test(
    "keeps running when its terminal closes, and reconnect reattaches and ends as a run does",
    async () => {
      const first = await up(onTerminal(TALK.replace("up", "up; echo made >made")));
      first.kill("SIGHUP");
      await ends(first, HANGUP);
      const name = nameOf();
      expect(first.screen()).toContain(`silo reconnect ${name}`);
      for (const _ of [1, 2]) expect((await silo(world, ["ls", "-q"])).stdout).toBe(`${name}\n`);
      const second = siloOnTerminal(world, ["reconnect", name]);
      await second.shows("up");
      second.type("hello\nend\n");
      await ends(second, 7);
      expect(second.screen()).toContain("heard hello");
      expect(content("made")).toBe("made\n");
      expect(containers(world)).toEqual([]);
    },
    MINUTES,
  );

  test(
    "keeps running when silo is killed; if it has exited meanwhile, reconnect syncs its files back",
    async () => {
      const first = await up(onTerminal(`echo up; ${WAIT}; echo late >late; echo the end; exit 9`));
      first.kill("SIGKILL");
      await first.exited;
      release();
      await eventually("the tool has ended", () => there("late") === "late");
      const second = siloOnTerminal(world, ["reconnect", nameOf()]);
      await ends(second, 9);
      expect(second.screen()).toContain("the end");
      expect(content("late")).toBe("late\n");
    },
    MINUTES,
  );

  test(
    "another laptop can reconnect, but receives files only after confirmation",
    async () => {
      const first = await up(onTerminal(`echo there >made; ${TALK}`));
      first.kill("SIGHUP");
      await ends(first, HANGUP);
      const name = nameOf();
      const other: World = {
        ...world,
        home: join(world.root, "other"),
        env: { ...world.env, HOME: join(world.root, "other") },
      };
      mkdirSync(other.home);
      // The first laptop is offline, and does not get the following changes.
      spawnSync("mutagen", ["sync", "pause", "--all"], {
        env: {
          ...world.env,
          MUTAGEN_DATA_DIRECTORY: join(world.home, ".local/state/silo/fly/mutagen"),
        },
      });
      const door = await silo(other, ["exec", name, "cat", inProject("made")]);
      expect(door.stdout).toBe("there\n");
      const second = siloOnTerminal(other, ["reconnect", name]);
      await second.shows(/was started on another laptop/);
      expect(existsSync(join(other.home, ".codex"))).toBe(false);
      second.type("y");
      await second.shows("up");
      second.type("end\n");
      await ends(second, 7);
      expect(existsSync(join(other.home, ".codex"))).toBe(true);
      expect((await silo(world, ["ls", "-q"])).stdout).toBe("");
    },
    MINUTES,
  );
});

/** Rewrites a machine's own record, as an agent with privileges could. */
function forge(change: (syncs: { kind: string; local: string }[]) => void): void {
  const file = "/var/lib/silo/run.json";
  const told = JSON.parse(inFlyMachine(world, idOf(), `cat ${file}`)) as {
    layout: { syncs: { kind: string; local: string }[] };
  };
  change(told.layout.syncs);
  const text = JSON.stringify(told).replaceAll("'", String.raw`'\''`);
  inFlyMachine(world, idOf(), `printf %s '${text}' >${file}`);
}

test(
  "a machine with a forged record gets only paths that were shown to the user, and some paths never",
  async () => {
    const first = await up(onTerminal(TALK));
    first.kill("SIGHUP");
    await ends(first, HANGUP);
    const name = nameOf();
    const home = join(world.root, "other");
    const other: World = { ...world, home, env: { ...world.env, HOME: home } };
    mkdirSync(join(home, ".ssh"), { recursive: true });
    mkdirSync(join(home, "photos"));
    symlinkSync(join(home, ".ssh"), join(home, "innocent"));
    const theirs = (path: string) => join(world.home, path);
    const asks = async (kind: string, local: string): Promise<Pty> => {
      forge((syncs) => {
        const [one] = syncs;
        if (one !== undefined) Object.assign(one, { kind, local });
      });
      return siloOnTerminal(other, ["reconnect", name]);
    };
    for (const path of [theirs(".ssh"), theirs("innocent"), theirs(""), "/"]) {
      const refused = await asks("ro", path);
      await ends(refused, 1);
      expect(refused.screen()).toContain("which silo never syncs");
    }
    const odd = await asks("work", `${world.home}/x/../.ssh`);
    await ends(odd, 1);
    expect(odd.screen().replaceAll(/\s+/g, " ")).toContain("is not valid");
    const shown = await asks("ro", theirs("photos"));
    await shown.shows(/~\/photos[\s│]+\(read-only\)/);
    shown.type("n");
    await ends(shown, 1);
    expect((await silo(world, ["rm", "--force", name])).code).toBe(0);
  },
  MINUTES,
);

describe("a connection that is lost", () => {
  test(
    "is retried, and the tool notices nothing",
    async () => {
      const pty = await up(onTerminal(TALK));
      pty.type("one\n");
      await pty.shows("heard one");
      await whileCut(async () => {
        await pty.shows("connection lost, reconnecting");
      });
      pty.type("two\n");
      await pty.shows("heard two");
      pty.type("end\n");
      await ends(pty, 7);
    },
    MINUTES,
  );

  test.each([
    ["for a few seconds is waited for", 6, false],
    // ssh closes a connection after a minute without a response.
    ...(process.env["TORTURE"] === undefined
      ? []
      : [["for long is made anew", 100, true] as const]),
  ] as const)(
    "without being closed %s",
    async (_, seconds, anew) => {
      const pty = await up(onTerminal(TALK));
      setKnob(world, "silent", seconds);
      await eventually("nothing passes any more", () => {
        const { stdout } = spawnSync("ps", ["-eo", "stat,args"], { encoding: "utf8" });
        const link = new RegExp(`^T\\S* +docker exec .*${flyContainer(world, idOf())}`, "m");
        return link.test(stdout);
      });
      if (anew) await pty.shows("connection lost", 120_000);
      pty.type("two\n");
      await pty.shows("heard two", 150_000);
      expect(pty.screen().includes("connection lost")).toBe(anew);
      clearKnob(world, "silent");
      pty.type("end\n");
      await ends(pty, 7);
    },
    MINUTES,
  );

  test(
    "stops a tool without a tmux session, if so configured, and its files are synced back",
    async () => {
      put(
        world,
        "home/.config/silo/silo.jsonc",
        JSON.stringify({ ...PROBE_CONFIG, backends: { fly: { persist: "none" } } }),
      );
      const pty = await up(onTerminal(`[ -z "$TMUX" ] && tty && ${TALK}`));
      pty.type("one\n");
      await pty.shows("heard one");
      inFlyMachine(world, idOf(), `echo theirs >'${inProject("made")}'`);
      cutLinks(world);
      await pty.exited;
      await eventually("its files are synced back", () => existsSync(inProject("made")));
      expect(containers(world)).toEqual([]);
    },
    MINUTES,
  );

  test(
    "while the tool ends, its output is shown after the connection is back",
    async () => {
      const pty = await up(onTerminal(`echo up; ${WAIT}; echo last words; exit 6`));
      await whileCut(async () => {
        await pty.shows("connection lost");
        release();
        await eventually("the tool has ended", () =>
          inFlyMachine(world, idOf(), "cat /run/silo/tool/exit 2>/dev/null || :").startsWith("6"),
        );
      });
      await ends(pty, 6);
      expect(pty.screen()).toContain("last words");
    },
    MINUTES,
  );

  test(
    "and Ctrl-C detach from the tool",
    async () => {
      const pty = await up(onTerminal(TALK));
      setKnob(world, "link-down");
      cutLinks(world);
      await pty.shows("connection lost");
      pty.type("\u0003");
      await ends(pty, HANGUP);
      clearKnob(world, "link-down");
      const name = nameOf();
      const removed = await silo(world, ["rm", "--force", name]);
      expect([removed.code, removed.stdout]).toEqual([0, `${name}\n`]);
    },
    MINUTES,
  );
});

describe("files that were changed on both sides", () => {
  const changeBoth = async (file: string, after: string) => {
    const script = `echo up; until [ -e go ]; do sleep 0.1; done; echo theirs >'${file}'; ${after}`;
    const pty = await up(onTerminal(script));
    await whileCut(async () => {
      await pty.shows("connection lost");
      writeFileSync(file, "ours\n");
      inFlyMachine(world, idOf(), `touch '${inProject("go")}'`);
      await eventually(
        "the tool has written",
        () => inFlyMachine(world, idOf(), `cat '${file}'`) === "theirs",
      );
    });
    return pty;
  };

  test(
    "keep the machine and are shown with both sides; nothing is overwritten, and --force saves the machine's versions",
    async () => {
      put(world, `${world.project.slice(world.root.length + 1)}/same`, "first\n");
      const pty = await changeBoth(inProject("same"), "exit 4");
      await ends(pty, 4);
      const name = nameOf();
      expect(pty.screen().replaceAll(/\s+/g, " ")).toMatch(
        /same: changed here \d{4}-.*, changed on the machine \d{4}-/,
      );
      expect([content("same"), there("same")]).toEqual(["ours\n", "theirs"]);
      expect((await silo(world, ["ls"])).stdout).toContain("1 conflict");
      const refused = await silo(world, ["rm", name]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("same: changed here");
      expect(containers(world)).toEqual([name]);
      const forced = await silo(world, ["rm", "--force", name]);
      expect(forced.code).toBe(0);
      expect(forced.stderr).toContain("same.silo-remote");
      expect([content("same"), content("same.silo-remote")]).toEqual(["ours\n", "theirs\n"]);
    },
    MINUTES,
  );

  test(
    "are resolved by deleting one side, and the machine is destroyed",
    async () => {
      put(world, `${world.project.slice(world.root.length + 1)}/same`, "first\n");
      await ends(await changeBoth(inProject("same"), "exit 0"), 0);
      spawnSync("rm", [inProject("same")]);
      const { code } = await silo(world, ["rm", nameOf()]);
      expect([code, content("same")]).toEqual([0, "theirs\n"]);
    },
    MINUTES,
  );

  test(
    "of the tool itself do not keep the machine: the host's version is kept, and the machine's is saved",
    async () => {
      put(world, "home/.codex/kept", "first\n");
      const pty = await changeBoth(join(world.home, ".codex/kept"), "exit 0");
      await ends(pty, 0);
      expect(readFileSync(join(world.home, ".codex/kept"), "utf8")).toBe("ours\n");
      const kept = join(world.home, ".local/state/silo/fly/kept");
      const [tar = ""] = readdirSync(kept);
      const { stdout } = spawnSync("tar", ["-xOf", join(kept, tar)], { encoding: "utf8" });
      expect(stdout).toBe("theirs\n");
    },
    MINUTES,
  );

  test(
    "a branch that was moved on both sides gets a warning with the host's commit",
    async () => {
      const git = (...args: string[]) =>
        spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
          cwd: world.project,
          env: world.env,
          encoding: "utf8",
        }).stdout.trim();
      git("init", "-q", "-b", "main");
      git("commit", "-q", "--allow-empty", "-m", "first");
      const commit = "git -c user.name=r -c user.email=r@b commit -q --allow-empty -m theirs";
      const pty = await up(
        onTerminal(`echo up; until [ -e go ]; do sleep 0.1; done; ${commit}; touch done`),
      );
      let ours = "";
      await whileCut(async () => {
        await pty.shows("connection lost");
        git("commit", "-q", "--allow-empty", "-m", "ours");
        ours = git("rev-parse", "HEAD");
        inFlyMachine(world, idOf(), `touch '${inProject("go")}'`);
        await eventually("it has committed", () =>
          inFlyMachine(world, idOf(), `ls '${world.project}'`).includes("done"),
        );
      });
      await ends(pty, 0);
      expect(git("log", "-1", "--format=%s")).toBe("theirs");
      expect(pty.screen().replaceAll(/\s+/g, "")).toContain(`branchmain-here${ours.slice(0, 12)}`);
      expect(git("fsck", "--strict")).not.toContain("error");
    },
    MINUTES,
  );
});

describe("confidentiality", () => {
  test(
    "no argument, machine configuration or disk contains the value of a variable",
    async () => {
      const secret = "s3cret-value-of-mine";
      setSecret(world, secret);
      put(
        world,
        "home/.config/silo/silo.jsonc",
        JSON.stringify({ ...PROBE_CONFIG, env: ["SECRET_KEY"] }),
      );
      const search =
        "grep -rlF s3cret-value / --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev 2>/dev/null; :";
      const { stdout } = await probe(world, `echo "$SECRET_KEY"; ${search}`, {
        env: { SECRET_KEY: secret },
      });
      expect(stdout).toBe(`${secret}\n`);
      expect(leaked(world)).toBeUndefined();
    },
    MINUTES,
  );

  test(
    "flyctl always runs in an empty directory, and without variables that affect it",
    async () => {
      writeFileSync(inProject("fly.toml"), "app = [broken\n");
      const env = { FLY_JSON: "1", FLY_ORG: "other", FLY_REGION: "ams" };
      expect((await probe(world, "true", { env })).code).toBe(0);
      const calls = flyCalls(world);
      expect(calls.length).toBeGreaterThan(3);
      expect(new Set(calls.map(({ cwd }) => cwd))).toEqual(
        new Set([join(world.home, ".local/state/silo/fly/empty")]),
      );
      const names = calls.flatMap((call) => call.env);
      expect(names.filter((name) => /^FLY_(APP|JSON|ORG|REGION)$/.test(name))).toEqual([]);
      const run = calls.find(({ argv }) => argv[0] === "machine" && argv[1] === "run");
      expect(run?.argv).toContain("ams");
    },
    MINUTES,
  );

  test(
    "silo's own files are not synced, even if the whole home directory is",
    async () => {
      const { stdout } = await probe(
        world,
        "find ~/.local/state/silo ~/.config/silo -type f 2>/dev/null; echo looked",
        { cwd: world.home, flags: ["--yes"] },
      );
      expect(stdout).toBe("looked\n");
    },
    MINUTES,
  );
});

test(
  "a port is forwarded to the machine's loopback, also after a lost connection",
  async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("x") });
    const { port } = server;
    await server.stop(true);
    put(
      world,
      "home/.config/silo/silo.jsonc",
      JSON.stringify({ ...PROBE_CONFIG, ports: [`${port}:8000`] }),
    );
    put(world, `${world.project.slice(world.root.length + 1)}/page`, "served");
    const pty = await up(
      onTerminal(
        "python3 -m http.server --bind 127.0.0.1 8000 >/dev/null 2>&1 & echo up; read -r _",
      ),
    );
    const served = () =>
      spawnSync("curl", ["-s", "-m", "2", `http://127.0.0.1:${port}/page`], { encoding: "utf8" })
        .stdout === "served";
    await eventually("the page is served", served);
    await whileCut(async () => {
      await pty.shows("connection lost");
      expect(served()).toBe(false);
    });
    await eventually("the page is served again", served);
    pty.type("\n");
    await ends(pty, 0);
  },
  MINUTES,
);

test(
  "exec on a machine that is still starting is an error",
  async () => {
    setKnob(world, "link-down");
    const run = probe(world, "exit 7");
    const machine = () =>
      join(world.home, ".local/state/silo/fly/machines", idOf(), "machine.json");
    await eventually("silo knows its machine", () => idOf() !== "" && existsSync(machine()));
    const { code, stderr } = await silo(world, ["exec", nameOf(), "true"]);
    expect([code, stderr]).toEqual([1, `error: ${nameOf()} is still starting\nhint: silo ls\n`]);
    clearKnob(world, "link-down");
    expect((await run).code).toBe(7);
  },
  MINUTES,
);

test(
  "machines that start while others end keep the shared mutagen daemon",
  async () => {
    const one = async () => await probe(world, "exit 7");
    const two = async () => [await one(), await one()];
    const results = (await Promise.all([two(), two(), two()])).flat();
    expect(results.map(({ code, stderr }) => (code === 7 ? "" : stderr))).toEqual(
      results.map(() => ""),
    );
  },
  MINUTES,
);

test(
  "the state of a machine destroyed elsewhere is cleaned up, with its sync sessions and mutagen's daemon",
  async () => {
    const pty = await up(onTerminal(TALK));
    pty.kill("SIGHUP");
    await ends(pty, HANGUP);
    fly(world, "machine", "destroy", idOf(), "-a", FLY_APP, "--force");
    expect((await silo(world, ["ls", "-q"])).stdout).toBe("");
    expect(readdirSync(join(world.home, ".local/state/silo/fly/machines"))).toEqual([]);
    await eventually(
      "the daemon has ended",
      () => !existsSync(join(world.home, ".local/state/silo/fly/mutagen/daemon/daemon.sock")),
    );
  },
  MINUTES,
);

test(
  "an image in the registry is not built again",
  async () => {
    await probe(world, "true");
    const deploys = () => flyCalls(world).filter(({ argv }) => argv[0] === "deploy").length;
    const before = deploys();
    await probe(world, "true");
    expect(deploys()).toBe(before);
  },
  MINUTES,
);
