import { expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cutLinks, flyMachines, inFlyMachine } from "../support/fly.ts";
import { seeded } from "../support/git.ts";
import { siloOnTerminal, type Pty } from "../support/pty.ts";
import { silo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { containers, useWorld } from "../support/world.ts";

/** Size of the tests; `TORTURE=100` is the full size, which takes some minutes. */
const TORTURE = process.env["TORTURE"];
const CUTS = Number(TORTURE ?? "5");
const MINUTES = 20 * 60_000;
const FOLDERS = TORTURE === undefined ? 40 : 200;
const FILES = 100;
const LARGE = (TORTURE === undefined ? 40 : 200) * 1024 ** 2;

const world = useWorld({ backend: "fly" });

const at = (...parts: string[]) => join(world.project, ...parts);
const idOf = () => flyMachines(world)[0]?.id ?? "";

/** Saves like an editor: a new file renamed over the old one. */
function saveAtomically(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.tmp`, content);
  renameSync(`${path}.tmp`, path);
}

/** Every file, link and empty directory with its content, except for `.git`, which git status may change. */
function treeOf(root: string): string {
  const lines: string[] = [];
  const walk = (folder: string, name: string) => {
    const entries = readdirSync(folder).filter((entry) => entry !== ".git");
    if (entries.length === 0) lines.push(`dir ${name}`);
    for (const entry of entries) {
      const [path, shown] = [join(folder, entry), `${name}/${entry}`];
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) lines.push(`link ${shown} ${readlinkSync(path)}`);
      else if (stat.isDirectory()) walk(path, shown);
      else {
        const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
        lines.push(`file ${shown} ${(stat.mode & 0o100) === 0 ? "-" : "x"} ${hash}`);
      }
    }
  };
  walk(root, "");
  return lines.toSorted().join("\n");
}

/** The same for a machine's copy. */
const TREE = `cd "$1" && { find . -name .git -prune -o -type d -empty -printf 'dir /%P\\n' -o -type l -printf 'link /%P %l\\n'
find . -name .git -prune -o -type f -printf '%m %P\\0' | while IFS=' ' read -r -d '' mode name; do
  x=-; [ $((0$mode & 0100)) = 0 ] || x=x; printf 'file /%s %s %s\\n' "$name" "$x" "$(sha256sum <"$name" | cut -d' ' -f1)"; done; } | LC_ALL=C sort`;

function theirTree(): string {
  const quoted = TREE.replaceAll("'", String.raw`'\''`);
  return inFlyMachine(world, idOf(), `bash -c '${quoted}' bash '${world.project}'`)
    .split("\n")
    .toSorted()
    .join("\n");
}

/** Script for the machine that runs the commands in a file until it is told to exit. */
const SERVE = `echo up; while :; do if [ -e /tmp/do ]; then mv /tmp/do /tmp/doing; bash /tmp/doing; rm /tmp/doing; fi; [ ! -e /tmp/end ] || exit 5; sleep 0.05; done`;

function there(script: string): void {
  const quoted = script.replaceAll("'", String.raw`'\''`);
  inFlyMachine(
    world,
    idOf(),
    `printf '%s' 'cd "${world.project}" && { ${quoted}; }' >/tmp/do.new && mv /tmp/do.new /tmp/do; until [ ! -e /tmp/do ] && [ ! -e /tmp/doing ]; do sleep 0.02; done`,
  );
}

async function start(args: readonly string[]): Promise<Pty> {
  const pty = siloOnTerminal(world, args);
  await pty.shows("up", 300_000);
  return pty;
}

function leftovers(): string[] {
  const { stdout } = spawnSync("ps", ["-eo", "pid,args"], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line.includes(world.root) && !line.includes("ps -eo"));
}

test(
  "thousands of files, a large file, a renamed directory and a commit are synced both ways",
  async () => {
    for (let i = 0; i < FOLDERS; i += 1) {
      mkdirSync(at(`d${i}`), { recursive: true });
      for (let k = 0; k < FILES; k += 1) writeFileSync(at(`d${i}`, `f${k}`), `file ${i} ${k}\n`);
    }
    const large = randomBytes(LARGE);
    writeFileSync(at("large"), large);
    symlinkSync("d0/f0", at("link"));
    symlinkSync("/nowhere/at all", at("dangling"));
    writeFileSync(at("run.sh"), "#!/bin/sh\n", { mode: 0o755 });
    const git = (...args: string[]) =>
      spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
        cwd: world.project,
        env: world.env,
        encoding: "utf8",
      }).stdout.trim();
    git("init", "-q", "-b", "main");
    writeFileSync(at(".gitignore"), "large\n");
    git("add", ".");
    git("commit", "-q", "-m", "first");
    const pty = await start(["codex", "--", "probe", SERVE]);
    there(
      "mv d1 renamed; rm -r d2; rm d3/f0; echo new >d4/new; ln -sf d4/new link; cp large large2; printf x >>large; chmod 755 d5/f5; mkdir empty; git -c user.name=r -c user.email=r@b commit -q -a -m theirs",
    );
    saveAtomically(at("d6/f6"), "ours\n");
    rmSync(at("d7"), { recursive: true });
    inFlyMachine(world, idOf(), "touch /tmp/end");
    expect(await pty.exited).toBe(5);
    const tree = treeOf(world.project);
    expect(tree).toContain("dir /empty");
    expect(tree).not.toContain("/d1/");
    expect(tree.match(/file \/renamed\//g)).toHaveLength(FILES);
    expect(tree).not.toMatch(/\/d[27]\//);
    const grown = createHash("sha256").update(large).update("x").digest("hex");
    expect(tree).toContain(`file /large - ${grown}`);
    expect(tree).toContain(`file /large2 - ${createHash("sha256").update(large).digest("hex")}`);
    expect(tree).toContain("link /link d4/new");
    expect(tree).toContain("link /dangling /nowhere/at all");
    expect(tree).toMatch(/file \/d5\/f5 x /);
    expect(readFileSync(at("d6/f6"), "utf8")).toBe("ours\n");
    expect(git("log", "-1", "--format=%s")).toBe("theirs");
    expect(git("fsck", "--strict")).not.toContain("error");
    // The index is intact: git shows exactly the changes since the commit.
    expect(
      git("status", "--porcelain")
        .split("\n")
        .map((line) => line.slice(3, 5)),
    ).not.toContain("d9");
  },
  MINUTES,
);

test(
  `${CUTS} cuts of the link at random moments lose nothing on either side`,
  async () => {
    const random = seeded(20_261_125);
    for (let i = 0; i < 20; i += 1) writeFileSync(at(`start${i}`), `${i}\n`);
    let pty = await start(["codex", "--", "probe", SERVE]);
    const name = containers(world)[0] ?? "";
    let reconnects = 0;
    for (let i = 0; i < CUTS; i += 1) {
      // Each side changes its own files, partly while the connection is lost.
      const change = (k: number) => {
        saveAtomically(at(`ours${random(12)}`), randomBytes(random(200_000)));
        there(`head -c ${random(200_000)} /dev/urandom >t.tmp; mv t.tmp theirs${random(12)}`);
        if (k === 1 && random(3) === 0) rmSync(at(`ours${random(12)}`), { force: true });
        if (k === 1 && random(3) === 0) there(`rm -f theirs${random(12)}`);
      };
      change(0);
      await Bun.sleep(random(400));
      cutLinks(world);
      change(1);
      await Bun.sleep(random(300));
      // Sometimes silo is killed, and reconnects.
      if (random(8) === 0) {
        pty.kill("SIGKILL");
        await pty.exited;
        pty = await start(["reconnect", name]);
        reconnects += 1;
      }
    }
    await eventually("both sides are alike", () => treeOf(world.project) === theirTree(), 180_000);
    inFlyMachine(world, idOf(), "touch /tmp/end");
    const before = treeOf(world.project);
    expect(await pty.exited).toBe(5);
    expect(treeOf(world.project)).toBe(before);
    expect(before).not.toContain("silo-remote");
    expect(containers(world)).toEqual([]);
    expect((await silo(world, ["ls", "-q"])).stdout).toBe("");
    await eventually("no process is left", () => leftovers().length === 0);
    process.stderr.write(`torture: ${CUTS} cuts, ${reconnects} of them with silo killed\n`);
  },
  MINUTES,
);
