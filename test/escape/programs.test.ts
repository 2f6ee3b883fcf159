import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { probe } from "../support/silo.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { file, liveBox, own, siloWithin, stage } from "./boxes.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const NAME = "programs of a project on PATH";

/** Programs that silo, or a program that it starts, may search in PATH. */
const PROGRAMS = [
  "bwrap",
  "bun",
  "container",
  "docker",
  "docker-credential-desktop",
  "du",
  "env",
  "fly",
  "git",
  "mutagen",
  "node",
  "npm",
  "perl",
  "pip3",
  "podman",
  "prlimit",
  "ps",
  "setpriv",
  "sh",
  "ssh",
  "stty",
  "systemd-run",
  "tmux",
  "uv",
];

/** Puts the agent's programs into the directory for programs of packages. */
function evil(world: World, folder = "node_modules/.bin"): string {
  const mark = join(world.project, "started");
  for (const name of PROGRAMS) {
    const path = file(world, `${folder}/${name}`, `#!/bin/sh\necho ${name} >> ${mark}\nexit 0\n`);
    chmodSync(path, 0o755);
  }
  own(world);
  return join(world.project, folder);
}

const started = ({ project }: World) =>
  existsSync(join(project, "started"))
    ? spawnSync("sort", ["-u", join(project, "started")], { encoding: "utf8" }).stdout
    : "";

const COMMANDS = [
  ["ls"],
  ["ls", "--json", "--stats"],
  ["doctor"],
  ["config", "show"],
  ["config", "trust", "--list"],
  ["prune"],
  ["rm", "--force", "no-such-box"],
  ["exec", "no-such-box", "true"],
  ["codex", "--dry-run"],
];

describe.each([
  ["docker", undefined],
  ["docker", TESTER],
  ["bwrap", undefined],
  ["bwrap", TESTER],
] as const)("%s", (backend, user) => {
  const { project, world } = stage(backend, user);
  const who = user === undefined ? "root" : "an ordinary user";
  const before = (path: string) => ({ PATH: `${path}:${world().env["PATH"] ?? ""}` });

  for (const [kind, written] of [
    ["absolute", undefined],
    ["relative", "node_modules/.bin"],
    ["relative with a dot", "./node_modules/.bin"],
    ["empty, which is the working directory", ""],
  ] as const) {
    holds(NAME, backend, `every command, with an entry that is ${kind}, as ${who}`, async () => {
      const here = project();
      const folder = evil(here, written === "" ? "." : "node_modules/.bin");
      const env = before(written ?? folder);
      for (const command of COMMANDS) await siloWithin(60, here, command, env);
      const run = ["codex", "--", "probe", "echo ran"];
      const { code, stdout } = await siloWithin(100, here, run, env);
      expect(started(here)).toBe("");
      expect([code, stdout]).toEqual([0, "ran\n"]);
    });
  }

  holds(NAME, backend, `exec and rm of a box that runs, as ${who}`, async () => {
    const here = project();
    const env = before(evil(here));
    const box = await liveBox(here);
    const { stdout } = await siloWithin(60, here, ["exec", box.name, "echo", "in"], env);
    const removed = await siloWithin(60, here, ["rm", "--force", box.name], env);
    await box.stop();
    expect(started(here)).toBe("");
    expect([stdout, removed.code]).toEqual(["in\n", 0]);
  });

  holds(NAME, backend, `in another directory where a tool has run, as ${who}`, async () => {
    const [other, here] = [project(), project()];
    await probe(other, "true");
    const env = before(evil(other));
    for (const command of COMMANDS) await siloWithin(60, here, command, env);
    const run = ["codex", "--", "probe", "echo ran"];
    const { stdout } = await siloWithin(100, here, run, env);
    expect([started(other), stdout]).toEqual(["", "ran\n"]);
  });

  holds(
    NAME,
    backend,
    `by a link from a directory that no tool could write, as ${who}`,
    async () => {
      const here = project();
      await probe(here, "true");
      const folder = evil(here);
      const links = join(here.root, `links-${crypto.randomUUID()}`);
      mkdirSync(links);
      for (const name of PROGRAMS) spawnSync("ln", ["-s", join(folder, name), join(links, name)]);
      own(here);
      await siloWithin(60, project(), ["ls"], before(links));
      await siloWithin(60, project(), ["doctor"], before(links));
      expect(started(here)).toBe("");
    },
  );

  bites(NAME, backend, `a shell finds them, as ${who}`, () => {
    const here = project();
    const env = before(evil(here));
    spawnSync("/bin/sh", ["-c", "docker ps; bwrap true; du ."], { cwd: here.project, env });
    expect(started(here)).toBe("bwrap\ndocker\ndu\n");
  });
});

tableAtEnd("escape/programs.test.ts");
