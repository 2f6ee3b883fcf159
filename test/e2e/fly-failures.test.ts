import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  clearKnob,
  flyMachines,
  inFlyMachine,
  killForMemory,
  restartFlyMachine,
  setKnob,
  stopFlyMachine,
} from "../support/fly.ts";
import { siloOnTerminal, type Pty } from "../support/pty.ts";
import { probe, silo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { containers, destroyWorld, makeWorld, sweepWorld, type World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";

const MINUTES = 5 * 60_000;

let world: World;
beforeEach(() => {
  world = makeWorld({ backend: "fly" });
});
afterEach(() => {
  const left = sweepWorld(world);
  destroyWorld(world);
  expect(left).toEqual([]);
});

const idOf = () => flyMachines(world)[0]?.id ?? "";
const nameOf = () => containers(world)[0] ?? "";
const TALK = 'echo up; while read -r word; do [ "$word" = end ] && exit 7; done';

async function talking(): Promise<Pty> {
  const pty = siloOnTerminal(world, ["codex", "--", "probe", TALK]);
  await pty.shows("up", 240_000);
  return pty;
}

/** Checks that no machine is left, and that silo lists none. */
async function takenBack(): Promise<void> {
  expect(flyMachines(world)).toEqual([]);
  expect((await silo(world, ["ls", "-q"])).stdout).toBe("");
}

describe("silo recovers from", () => {
  test.each([
    ["warnings on standard output", "noise", ""],
    ["a slow answer", "delay", "300"],
    ["SSH that is reachable late", "ssh-refused", "3"],
    ["a name that is taken meanwhile", "name-taken-once", ""],
    ["an image that has gone from the registry", "image-missing-once", ""],
    ["a machine that is there though its start failed", "id-then-fail", "1"],
    ["a machine that does not want to go", "destroy-fails", "1"],
  ])(
    "%s",
    async (_, knob, value) => {
      setKnob(world, knob, value);
      const { code, stdout } = await probe(world, "echo ran; exit 3");
      expect([code, stdout]).toEqual([3, "ran\n"]);
      clearKnob(world, knob);
      await takenBack();
    },
    MINUTES,
  );
});

test(
  "a mutagen command that uses its prompter too early is retried",
  async () => {
    const [mutagen, once] = [join(world.root, "bin/mutagen"), join(world.root, "failed")];
    renameSync(mutagen, `${mutagen}-real`);
    const failure = "unable to connect to beta: unable to message prompter: prompter not found";
    const lines = [
      "#!/bin/sh",
      `if [ "$1 $2" = "sync create" ] && [ ! -e '${once}' ]; then`,
      `  touch '${once}'; echo 'Error: ${failure}' >&2; exit 1`,
      "fi",
      `exec '${mutagen}-real' "$@"`,
    ];
    writeFileSync(mutagen, `${lines.join("\n")}\n`, { mode: 0o755 });
    const { code, stdout } = await probe(world, "echo ran; exit 3");
    expect([code, stdout, existsSync(once)]).toEqual([3, "ran\n", true]);
    await takenBack();
  },
  MINUTES,
);

describe("a failed start is reported with its fix, and leaves no machine", () => {
  test.each([
    ["not-signed-in", "not signed in to Fly.io", "fly auth login"],
    ["expired-token", "not signed in to Fly.io", "fly auth login"],
    ["app-missing", "Fly.io app", "fly apps create"],
    ["region-full", "no capacity in Fly.io region", "FLY_REGION"],
    ["region-unknown", "unknown Fly.io region", "fly platform regions"],
    ["quota", "machine quota", "silo rm"],
    ["billing", "requires a payment method", "fly dashboard"],
    ["cannot-ssh", "deploy tokens cannot open SSH", "fly tokens create org"],
  ])(
    "%s",
    async (knob, words, mend) => {
      await probe(world, "true");
      setKnob(world, knob);
      const { code, stdout, stderr } = await probe(world, "echo never");
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(words);
      expect(stderr.split("hint:")[1]).toContain(mend);
      expect(stderr).not.toMatch(/\bat \S+ \(|\.ts:\d/);
      clearKnob(world, knob);
      await takenBack();
    },
    MINUTES,
  );

  test(
    "a machine that cannot be destroyed is named with the command to retry",
    async () => {
      setKnob(world, "destroy-fails", "till told otherwise");
      const { code, stderr } = await probe(world, "exit 3");
      const name = nameOf();
      expect(code).toBe(3);
      expect(stderr).toContain(`silo rm --force ${name}`);
      clearKnob(world, "destroy-fails");
      expect((await silo(world, ["rm", "--force", name])).code).toBe(0);
      await takenBack();
    },
    MINUTES,
  );

  test(
    "a disk that is too small for all files",
    async () => {
      writeFileSync(join(world.project, "large"), Buffer.alloc(5_000_000, 7));
      setKnob(world, "small-disk", world.project);
      const { code, stdout, stderr } = await probe(world, "echo never");
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("no space left for all files");
      expect(stderr).toContain("no space left on device");
      await takenBack();
    },
    MINUTES,
  );

  // The timeout is 90 seconds.
  test.skipIf(process.env["TORTURE"] === undefined)(
    "a machine that starts, but is never reachable over SSH",
    async () => {
      await probe(world, "true");
      setKnob(world, "ssh-refused", "till told otherwise");
      const { code, stderr } = await probe(world, "echo never");
      expect(code).toBe(1);
      expect(stderr).toContain("SSH is not reachable after 90 s");
      expect(stderr).toContain("fly wireguard websockets enable");
      await takenBack();
    },
    MINUTES,
  );

  test(
    "a mutagen without its agents",
    async () => {
      const { rmSync } = await import("node:fs");
      rmSync(join(world.root, "bin/mutagen-agents.tar.gz"));
      const { code, stderr } = await probe(world, "echo never");
      expect(code).toBe(1);
      expect(stderr).toContain("mutagen is installed without its agents");
      await takenBack();
    },
    MINUTES,
  );
});

describe("a machine that fails while its tool runs", () => {
  test(
    "is listed if its host does not respond",
    async () => {
      const pty = await talking();
      setKnob(world, "unreachable-host");
      const { stdout } = await silo(world, ["ls"]);
      expect(stdout).toContain(nameOf());
      expect(stdout).toContain("its host does not respond");
      clearKnob(world, "unreachable-host");
      pty.type("end\n");
      expect(await pty.exited).toBe(7);
    },
    MINUTES,
  );

  test(
    "keeps its files over a restart, and they are synced back",
    async () => {
      const pty = await talking();
      inFlyMachine(world, idOf(), `echo kept >'${world.project}/kept'`);
      restartFlyMachine(world, idOf());
      expect(await pty.exited).toBe(1);
      const name = nameOf();
      expect(pty.screen()).toContain(`${name} was restarted`);
      const again = siloOnTerminal(world, ["reconnect", name]);
      expect(await again.exited).toBe(1);
      expect(again.screen()).toContain("all files are synced back");
      expect(readFileSync(join(world.project, "kept"), "utf8")).toBe("kept\n");
      expect((await silo(world, ["rm", "--force", name])).code).toBe(0);
      await takenBack();
    },
    MINUTES,
  );

  test(
    "is started again by reconnect if it was stopped; rm without --force does not discard its files",
    async () => {
      const pty = await talking();
      inFlyMachine(world, idOf(), `echo kept >'${world.project}/kept'`);
      stopFlyMachine(world, idOf());
      expect(await pty.exited).toBe(1);
      const name = nameOf();
      expect(pty.screen()).toContain("was stopped");
      const refused = await silo(world, ["rm", name]);
      expect(refused.stderr).toContain("cannot be synced back");
      const again = siloOnTerminal(world, ["reconnect", name]);
      expect(await again.exited).toBe(1);
      expect(again.screen()).toContain("all files are synced back");
      expect(readFileSync(join(world.project, "kept"), "utf8")).toBe("kept\n");
      expect((await silo(world, ["rm", "--force", name])).code).toBe(0);
      await takenBack();
    },
    MINUTES,
  );

  test(
    "because it is out of memory is an error with the setting to increase",
    async () => {
      const pty = await talking();
      killForMemory(world, idOf());
      expect(await pty.exited).toBe(1);
      expect(pty.screen()).toContain("ran out of memory (8192 MB)");
      expect(pty.screen().replaceAll(/\s+/g, " ")).toContain("backends.fly.memory");
      clearKnob(world, "oom");
      expect((await silo(world, ["rm", "--force", nameOf()])).code).toBe(0);
    },
    MINUTES,
  );

  test(
    "is kept if the tool has deleted everything, so that the host's files are not deleted without a confirmation",
    async () => {
      for (const name of ["one", "two"]) writeFileSync(join(world.project, name), name);
      const { code, stderr } = await probe(world, "rm -f one two");
      expect(code).toBe(0);
      expect(stderr).toContain("everything in it was deleted on one side");
      expect(readFileSync(join(world.project, "one"), "utf8")).toBe("one");
      const removed = await silo(world, ["rm", "--force", nameOf()]);
      expect(removed.code).toBe(0);
      expect(removed.stderr).toContain("not synced back");
    },
    MINUTES,
  );

  test(
    "is kept if a file cannot be synced back, until that is resolved",
    async () => {
      destroyWorld(world);
      world = makeWorld({ backend: "fly", user: TESTER });
      const pty = await talking();
      const { project } = world;
      inFlyMachine(world, idOf(), `chown root:root '${project}'; chmod 0555 '${project}'`);
      writeFileSync(join(project, "new"), "x");
      pty.type("end\n");
      expect(await pty.exited).toBe(7);
      const said = pty.screen();
      expect(said).toContain("on the machine");
      expect((await silo(world, ["rm", "--force", nameOf()])).code).toBe(0);
    },
    MINUTES,
  );
});

test(
  "a connection that is lost in the first copy is retried, or the start is rolled back",
  async () => {
    writeFileSync(join(world.project, "large"), Buffer.alloc(30_000_000, 7));
    setKnob(world, "cut-after", "6000000");
    const { code, stdout } = await probe(world, "wc -c <large");
    if (code === 0) expect(stdout.trim()).toBe("30000000");
    else await takenBack();
    await eventually(
      "the knob was used",
      () => !existsSync(join(world.root, "fly/knobs/cut-after")),
    );
  },
  MINUTES,
);
