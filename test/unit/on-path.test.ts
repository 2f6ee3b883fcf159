import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { childPath, skippedPrograms, whereIs } from "../../src/sys/host/which.ts";
import { placeOver, rememberPlaces } from "../../src/sys/state/written-places.ts";

const before = { ...process.env };
const cwd = process.cwd();
let root = "";
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "silo-path-")));
  for (const name of ["home", "work", "tools"]) mkdirSync(join(root, name));
  process.chdir(join(root, "work"));
  process.env["HOME"] = join(root, "home");
  process.env["XDG_STATE_HOME"] = join(root, "state");
});
afterEach(() => {
  process.chdir(cwd);
  for (const name of ["HOME", "XDG_STATE_HOME", "PATH"]) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  rmSync(root, { recursive: true });
});

function program(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n", { mode: 0o755 });
  return path;
}

/** Looks up a program along these entries; relative ones start at the test's folder. */
function lookUp(...entries: string[]): string | undefined {
  process.env["PATH"] = entries.join(":");
  return whereIs("prog")?.replace(`${root}/`, "");
}

test("the first entry that has the program is used", () => {
  program(`${root}/tools/prog`);
  mkdirSync(`${root}/other/prog`, { recursive: true });
  writeFileSync(`${root}/home/prog`, "", { mode: 0o644 });
  expect(lookUp(`${root}/none`, `${root}/other`, `${root}/home`, `${root}/tools`)).toBe(
    "tools/prog",
  );
});

test("an unreadable entry does not end the search", () => {
  program(`${root}/tools/prog`);
  symlinkSync("loop", `${root}/loop`);
  const long = `${root}/${"x".repeat(300)}`;
  expect(lookUp(`${root}/loop`, long, `${root}/tools`)).toBe("tools/prog");
  expect(childPath()?.split(":")).toContain(`${root}/tools`);
});

test.each(["node_modules/.bin", ".", "", "./", "../work"])(
  "a relative entry %j is skipped",
  (entry) => {
    program(`${root}/work/node_modules/.bin/prog`);
    program(`${root}/work/prog`);
    program(`${root}/tools/prog`);
    expect(lookUp(entry, `${root}/tools`)).toBe("tools/prog");
    expect(childPath()).toBe(`${root}/tools`);
    expect(skippedPrograms("prog")[0]?.why).toContain("relative");
  },
);

test("programs in the working directory are skipped, even through a link or an indirect path", () => {
  program(`${root}/work/bin/prog`);
  program(`${root}/tools/prog`);
  symlinkSync(`${root}/work/bin`, `${root}/entry`);
  mkdirSync(`${root}/links`);
  symlinkSync(`${root}/work/bin/prog`, `${root}/links/prog`);
  const ways = [`${root}/work/bin`, `${root}/entry`, `${root}/tools/../work/bin`];
  for (const entry of [...ways, `${root}/links`])
    expect(lookUp(entry, `${root}/tools`)).toBe("tools/prog");
  process.env["PATH"] = [...ways, `${root}/tools`].join(":");
  expect(childPath()).toBe(`${root}/tools`);
});

test("programs are not skipped if the working directory contains the home directory", () => {
  program(`${root}/home/bin/prog`);
  process.chdir(join(root, "home"));
  expect(lookUp(`${root}/home/bin`)).toBe("home/bin/prog");
  process.chdir(root);
  expect(lookUp(`${root}/none`, `${root}/home/bin`)).toBe("home/bin/prog");
});

test("a directory in which a tool could write is skipped, and everything below it", () => {
  program(`${root}/lib/deep/bin/prog`);
  program(`${root}/tools/prog`);
  expect(lookUp(`${root}/lib/deep/bin`, `${root}/tools`)).toBe("lib/deep/bin/prog");
  rememberPlaces(`${root}/state`, [`${root}/lib`]);
  expect(lookUp(`${root}/lib/deep/bin`, `${root}/tools`)).toBe("tools/prog");
  expect(childPath()).toBe(`${root}/tools`);
  expect(skippedPrograms("prog")).toEqual([
    { path: `${root}/lib/deep/bin/prog`, why: `a tool could write to ${root}/lib` },
  ]);
  // The tool may create a missing one while silo runs.
  process.env["PATH"] = `${root}/lib/later:${root}/tools`;
  expect(childPath()).toBe(`${root}/tools`);
});

test("a world-writable directory is skipped", () => {
  program(`${root}/open/prog`);
  for (const mode of [0o777, 0o1777]) {
    chmodSync(`${root}/open`, mode);
    process.env["PATH"] = `${root}/mode${mode}`;
    expect(whereIs("prog")).toBeUndefined();
    expect(lookUp(`${root}/open`)).toBeUndefined();
  }
  chmodSync(`${root}/open`, 0o755);
  expect(lookUp(`${root}/open`, `${root}/none`)).toBe("open/prog");
});

test("a path matches places at or above it only", () => {
  const state = `${root}/state`;
  expect(placeOver(state, "/a/b/c")).toBeUndefined();
  rememberPlaces(state, ["/a/b", "/a/b", "/", `/${"x".repeat(400)}`]);
  expect(
    ["/a/b", "/a/b/c/d", "/a", "/a/bc", "/a/%2Fb", "/"].map((p) => placeOver(state, p)),
  ).toEqual(["/a/b", "/a/b", undefined, undefined, undefined, undefined]);
  expect(placeOver(state, `/${"x".repeat(400)}/y`)).toBe(`/${"x".repeat(400)}`);
  const files = readdirSync(`${state}/silo/places`);
  expect(
    files.map((name) => readFileSync(`${state}/silo/places/${name}`, "utf8")).toSorted(),
  ).toEqual(["/a/b", `/${"x".repeat(400)}`]);
});

test("an unwritable state directory is not an error, and the place counts in this process", () => {
  writeFileSync(`${root}/file`, "");
  rememberPlaces(`${root}/file`, ["/a/b"]);
  expect(placeOver(`${root}/file`, "/a/b/c")).toBe("/a/b");
  expect(existsSync(`${root}/state`)).toBe(false);
});
