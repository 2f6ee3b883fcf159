import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeGitDirectory, makeWorktreeDirectory } from "../support/git.ts";
import { probe, siloCommand } from "../support/silo.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { canary, own, planned, stage } from "./boxes.ts";
import { plainBox } from "./plain.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const NAME = "a path with a control character or invalid UTF-8";

/** Names that some programs read as another name: with line breaks, control characters, and bytes that are not UTF-8. */
const ODD: readonly (readonly [what: string, checked: string, mounted: string])[] = [
  ["CR LF", "g\r\nh", "g\nh"],
  ["CR", "g\rh", "gh"],
  ["LF", "g\nh", "g h"],
  ["a tab", "g\th", "g h"],
  ["an escape", "g\u001B[0mh", "gh"],
  ["a delete", "g\u007Fh", "gh"],
  ["a control of Latin-1", "g\u0085h", "gh"],
  ["bytes that are no UTF-8", "g\uFFFDh", "gh"],
];

/** Searches for the secret at all paths where a mount could have put the user's home directory. */
const LOOT = "cat ~/.secret/key; cat ~/.claude/g*/.secret/key; cat ./.secret/key; echo looked";

/** Matches a name that no mount may have. */
const ODD_NAME = /[\p{Cc}\uFFFD]/u;

/** Creates a `.git` file for a git directory with an odd name, next to a link with nearly the same name. */
function forge(world: World, checked: string, mounted: string): void {
  // In another tool's directory, because codex's own directory is mounted anyway.
  const state = join(world.home, ".claude");
  mkdirSync(state, { recursive: true });
  const common = join(state, checked);
  makeGitDirectory(common);
  makeWorktreeDirectory(join(common, "worktrees/w"), join(world.project, ".git"));
  symlinkSync("..", join(state, mounted));
  writeFileSync(join(world.project, ".git"), `gitdir: ${common}/worktrees/w\n`);
  own(world);
}

function unforge(world: World): void {
  renameSync(join(world.home, ".claude"), join(world.root, `claude-${crypto.randomUUID()}`));
}

const users = [
  ["root", undefined],
  ["an ordinary user", TESTER],
] as const;

describe.each(["docker", "container", "bwrap"] as const)("%s", (backend) => {
  describe.each(users)("%s", (who, user) => {
    const { project } = stage(backend, user);

    for (const [what, checked, mounted] of ODD) {
      holds(NAME, backend, `a .git file with ${what} in it, as ${who}`, async () => {
        const world = project();
        const secret = canary(world);
        forge(world, checked, mounted);
        const mounts = await planned(world).then(
          (plan) => plan.mounts,
          () => [],
        );
        const { stdout } = await probe(world, LOOT);
        unforge(world);
        expect(mounts.filter(({ source, target }) => ODD_NAME.test(source + target))).toEqual([]);
        expect(stdout).not.toContain(secret);
        // The run continues without this git directory, or is refused with a reason.
        expect(["looked\n", ""]).toContain(stdout);
      });
    }

    holds(NAME, backend, `the working directory has such a name, as ${who}`, async () => {
      for (const [, checked, mounted] of ODD) {
        const world = project();
        const secret = canary(world);
        const odd = join(world.project, checked);
        mkdirSync(odd);
        symlinkSync(world.home, join(world.project, mounted));
        own(world);
        const { code, stdout, stderr } = await probe({ ...world, project: odd }, LOOT);
        expect(stdout).not.toContain(secret);
        expect([code, stdout]).toEqual([1, ""]);
        expect(stderr).toContain("error: ");
      }
    });

    holds(
      NAME,
      backend,
      `the directory is named by bytes, its look-alike by the mark for them, as ${who}`,
      async () => {
        const world = project();
        const secret = canary(world);
        symlinkSync(world.home, join(world.project, "g\uFFFDh"));
        own(world);
        // Created by a shell, because the name is not valid UTF-8.
        const said = inBytes(world, LOOT);
        expect(said).not.toContain(secret);
        expect(said).not.toContain("looked");
      },
    );

    holds(NAME, backend, `a setting names such a path, as ${who}`, async () => {
      for (const [, checked, mounted] of ODD) {
        const world = project();
        const secret = canary(world);
        mkdirSync(join(world.project, checked));
        symlinkSync(world.home, join(world.project, mounted));
        writeFileSync(
          join(world.project, "silo.jsonc"),
          JSON.stringify({ mounts_ro: [`./${checked}`] }),
        );
        own(world);
        const mounts = await planned(world).then(
          (plan) => plan.mounts,
          () => [],
        );
        const { stdout } = await probe(world, LOOT);
        expect(stdout).not.toContain(secret);
        expect(mounts.filter(({ source, target }) => ODD_NAME.test(source + target))).toEqual([]);
      }
    });
  });
});

/** Runs silo in a directory whose name is not valid UTF-8: `g<FF>h`. */
function inBytes(world: World, script: string): string {
  const enter = `cd "$(printf 'g\\377h')" && exec "$@"`;
  const line = `mkdir "$(printf 'g\\377h')"; chown ${world.user?.uid ?? 0} "$(printf 'g\\377h')"; ${enter}`;
  const [bin, args] = siloCommand(world, ["codex", "--", "probe", script]);
  const { stdout } = spawnSync("sh", ["-c", line, "sh", bin, ...args], {
    cwd: world.project,
    env: { ...world.env },
    encoding: "utf8",
  });
  return stdout;
}

describe("docker", () => {
  const { project } = stage("docker");

  bites(
    NAME,
    "docker",
    "the engine's command drops the CR inside quotes and mounts the link",
    () => {
      const world = project();
      const secret = canary(world);
      forge(world, "g\r\nh", "g\nh");
      const source = join(world.home, ".claude/g\r\nh");
      const { stdout } = plainBox(
        world,
        [{ source, target: "/m", mode: "ro" }],
        "cat /m/.secret/key",
      );
      unforge(world);
      expect(stdout).toBe(secret);
    },
  );
});

describe.each(["bwrap", "container"] as const)("%s", (backend) => {
  const { project } = stage("bwrap");

  bites(NAME, backend, "a name of bytes read as text leads to its look-alike", () => {
    const world = project();
    const secret = canary(world);
    symlinkSync(world.home, join(world.project, "g\uFFFDh"));
    const read = `cd "$(printf 'g\\377h')" && exec "$0" -e 'console.log(process.cwd())'`;
    const { stdout } = spawnSync(
      "sh",
      ["-c", `mkdir "$(printf 'g\\377h')"; ${read}`, process.execPath],
      { cwd: world.project, encoding: "utf8" },
    );
    const bind = { source: stdout.trimEnd(), target: world.project, mode: "ro" } as const;
    expect(plainBox(world, [bind], "cat .secret/key").stdout).toBe(secret);
  });
});

tableAtEnd("escape/paths.test.ts");
