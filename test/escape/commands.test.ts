import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { file, liveBox, own, siloWithin, stage } from "./boxes.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const NAME = "a silo.jsonc that blocks or breaks commands";

/** Things that a tool can put in the place of a project's file. */
const FORMS: readonly (readonly [what: string, make: (world: World, path: string) => void])[] = [
  ["a pipe that nobody writes to", (_, path) => void spawnSync("mkfifo", [path])],
  [
    "a file of 8 GiB without content",
    (world) => truncateSync(file(world, "silo.jsonc", ""), 8 * 2 ** 30),
  ],
  ["a link to an endless device", (_, path) => symlinkSync("/dev/zero", path)],
  ["a link to itself", (_, path) => symlinkSync("silo.jsonc", path)],
  ["a directory", (_, path) => mkdirSync(path)],
  ["broken text", (world) => void file(world, "silo.jsonc", '{ "mounts_ro": [')],
  ["100,000 brackets", (world) => void file(world, "silo.jsonc", "[".repeat(100_000))],
  ["text that is no UTF-8", (world) => void file(world, "silo.jsonc", "\u0000\uFFFD\u001B[2J")],
  ["unknown keys", (world) => void file(world, "silo.jsonc", '{ "mount_ro": [1], "x": {} }')],
  [
    "another engine that nobody approved",
    (world) =>
      void file(world, "silo.jsonc", '{ "backends": { "docker": { "command": "./evil" } } }'),
  ],
  ["another backend", (world) => void file(world, "silo.jsonc", '{ "backend": "fly" }')],
  [
    "a file that its user may not read",
    (world, path) => {
      file(world, "silo.jsonc", "{}");
      chmodSync(path, 0o000);
    },
  ],
  [
    "settings of the backend that cannot be right",
    (world) => void file(world, "silo.jsonc", '{ "backends": { "docker": { "memory": "-1" } } }'),
  ],
];

describe.each([
  ["docker", TESTER],
  ["bwrap", TESTER],
] as const)("%s", (backend, user) => {
  const { project } = stage(backend, user);

  for (const [what, make] of FORMS) {
    holds(NAME, backend, what, async () => {
      const here = project();
      const box = await liveBox(here);
      const path = join(here.project, "silo.jsonc");
      make(here, path);
      own(here);
      const says = async (...args: readonly string[]) => {
        const { code, stdout, stderr } = await siloWithin(30, here, args);
        return [args[0], code, code === 0 ? stdout : stderr];
      };
      try {
        // The engine may also have containers of other tests.
        expect(await says("ls", "-q")).toEqual(["ls", 0, expect.stringContaining(`${box.name}\n`)]);
        expect(await says("exec", box.name, "echo", "in")).toEqual(["exec", 0, "in\n"]);
        expect(await says("shell", box.name)).toEqual(["shell", 0, ""]);
        expect(await says("rm", "--force", box.name)).toEqual(["rm", 0, `${box.name}\n`]);
        expect(existsSync(join(here.project, "started"))).toBe(false);
      } finally {
        rmSync(path, { recursive: true, force: true });
        await box.stop();
      }
    });
  }

  holds(NAME, backend, "a run there says what is wrong, and does not hang", async () => {
    const runs = FORMS.filter(([what]) => what !== "another backend");
    for (const [what, make] of runs) {
      const here = project();
      make(here, join(here.project, "silo.jsonc"));
      own(here);
      const { code, stdout, stderr } = await siloWithin(20, here, [
        "codex",
        "--",
        "probe",
        "echo ran",
      ]);
      expect([what, code, stdout]).toEqual([what, 1, ""]);
      expect(stderr).toContain("silo.jsonc");
    }
  });

  bites(NAME, backend, "a program that opens and reads it hangs, or fails", () => {
    const here = project();
    const path = join(here.project, "silo.jsonc");
    spawnSync("mkfifo", [path]);
    expect(spawnSync("timeout", ["--signal=KILL", "1", "cat", path]).status).not.toBe(0);
    rmSync(path);
    symlinkSync("/dev/zero", path);
    const read = spawnSync("timeout", [
      "--signal=KILL",
      "1",
      "sh",
      "-c",
      `cat '${path}' >/dev/null`,
    ]);
    expect(read.status).not.toBe(0);
  });
});

tableAtEnd("escape/commands.test.ts");
