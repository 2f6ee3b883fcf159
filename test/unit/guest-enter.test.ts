import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enterCommand, limits } from "../../src/core/guest/enter.ts";

// The program itself, run with the host's perl.

const BOOT = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** Runs commands in a new mount namespace, as in a guest. */
const APART = ["unshare", "--map-root-user", "--mount", "sh", "-c"];
const apart = spawnSync("unshare", APART.slice(1, -2).concat("true")).status === 0;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-enter-"));
  for (const name of ["one", "two", "plain"]) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true }));

const found = (name: string) => {
  const { dev, ino } = statSync(join(root, name));
  return { target: join(root, name), dev, ino };
};
const BOTH = "for each in one two; do mount --bind $each $each; done";

/** Enters with the expected id of each mount. @returns the output of the command and the check. */
function enter(
  mounts: readonly { target: string; dev: number; ino: number }[],
  { bootId = BOOT, mounted = BOTH } = {},
) {
  const ids = mounts.map(({ target, dev, ino }) => ({ target, id: `${dev}:${ino}` }));
  const command = enterCommand({ mounts: ids, bootId }, ["echo", "ran", "a b"]);
  const [bin = "", ...args] = [...APART, `set -e; ${mounted}; exec "$@"`, "sh", ...command];
  const { stdout, stderr, status } = spawnSync(bin, args, { encoding: "utf8", cwd: root });
  return { stdout, stderr: stderr.split("\n")[0], status };
}
const refused = (target: string) => ({
  stdout: "",
  stderr: `error: ${target} was replaced on the host while silo started; nothing was run`,
  status: 1,
});

describe.skipIf(!apart)("mounts", () => {
  test("the command runs if every mount is the checked one", () => {
    const ran = { stdout: "ran a b\n", stderr: "", status: 0 };
    expect(enter([found("one"), found("two")])).toEqual(ran);
  });

  test("another inode, another device or no file at a mount's target: nothing runs", () => {
    const [one, two] = [found("one"), found("two")];
    const wrong = [
      { ...two, ino: two.ino + 1 },
      { ...two, dev: two.dev + 1 },
      { ...two, target: join(root, "none") },
    ];
    for (const bad of wrong) expect(enter([one, bad])).toEqual(refused(bad.target));
  });

  test("the right directory that is not a mount: nothing runs", () => {
    expect(enter([found("one"), found("plain")])).toEqual(refused(join(root, "plain")));
  });

  test("a mount that was moved away with the directory above it: nothing runs", () => {
    for (const name of ["evil", "sub/t", "other/t"])
      mkdirSync(join(root, name), { recursive: true });
    const { dev, ino } = found("other/t");
    const target = join(root, "sub/t");
    const mounted = `${BOTH}; mount --bind evil sub/t; mv sub away; mv other sub`;
    expect(enter([found("one"), { target, dev, ino }], { mounted })).toEqual(refused(target));
  });

  test("two targets with the same real path need a mount each", () => {
    symlinkSync("one", join(root, "link"));
    const both = [found("one"), found("link")];
    // The second was mounted elsewhere, because its target contained another link at that moment.
    expect(enter(both)).toEqual(refused(join(root, "link")));
    expect(enter(both, { mounted: `${BOTH}; mount --bind one link` }).status).toBe(0);
  });

  test("a target through a link, and a name that the mount table escapes", () => {
    mkdirSync(join(root, "a b\\c"));
    symlinkSync("one", join(root, "link"));
    const mounted = `${BOTH}; mount --bind "a b\\c" "a b\\c"`;
    expect(enter([found("a b\\c"), found("link")], { mounted }).status).toBe(0);
  });

  test("on another kernel only inodes are compared, and not if that kernel renumbers them", () => {
    const [one, two] = [found("one"), found("two")];
    const elsewhere = { bootId: "other", mounted: ":" };
    const shifted = (mount: typeof one) => ({ ...mount, dev: mount.dev + 7 });
    const other = (mount: typeof one) => ({ ...mount, ino: mount.ino + 7 });
    expect(enter([shifted(one), shifted(two)], elsewhere).status).toBe(0);
    expect(enter([shifted(one), other(two)], elsewhere).status).toBe(1);
    expect(enter([other(one), other(two)], elsewhere).status).toBe(0);
  });
});

test("the tool's variables load nothing into the first program", () => {
  writeFileSync(join(root, "Evil.pm"), 'print "evil\\n"; 1;');
  const [bin = "", ...args] = enterCommand(
    { mounts: [], bootId: BOOT },
    ["env"],
    limits(77, "none"),
  );
  const env = { PATH: process.env["PATH"], PERL5LIB: root, PERL5OPT: "-MEvil" };
  const { stdout, stderr } = spawnSync(bin, args, { encoding: "utf8", env });
  expect([stdout.includes("evil"), stdout.includes("PERL5OPT=-MEvil"), stderr]).toEqual([
    false,
    true,
    "",
  ]);
});

test("limits apply to the command, and the error names a missing program", () => {
  const most = limits(77, process.arch);
  const shell = ["bash", "-c", "ulimit -c -u"];
  const [bin = "", ...args] = enterCommand({ mounts: [], bootId: BOOT }, shell, most);
  expect(spawnSync(bin, args, { encoding: "utf8" }).stdout).toMatch(/ 0\n.* 77\n/);
  const [perl = "", ...words] = enterCommand({ mounts: [], bootId: BOOT }, ["no-such"], most);
  const missing = spawnSync(perl, words, { encoding: "utf8" });
  expect([missing.status, missing.stderr.split("\n")[0]]).toEqual([
    127,
    "error: no-such: No such file or directory",
  ]);
});

test("without mounts and limits the command is unchanged", () => {
  expect(enterCommand({ mounts: [{ target: "/x" }], bootId: undefined }, ["codex"])).toEqual([
    "codex",
  ]);
});

test("a missing locale causes no warning, and PERL_BADLANG does not reach the tool", () => {
  const none = { prlimit: 0, processes: 0 };
  const checked = { mounts: [], bootId: undefined };
  const [bin = "", ...args] = enterCommand(checked, ["env"], none);
  const env = { PATH: process.env["PATH"], LC_ALL: "xx_XX.UTF-8", PERL_BADLANG: "0" };
  const { stdout, stderr } = spawnSync(bin, args, { encoding: "utf8", env });
  expect([stderr, stdout.includes("PERL_BADLANG"), stdout.includes("xx_XX")]).toEqual([
    "",
    false,
    true,
  ]);
});
