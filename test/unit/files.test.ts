import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isObject } from "../../src/core/json.ts";
import { readJson, tryRead } from "../../src/sys/files/peek.ts";
import { renameInto, replaceFile, replaceOwn } from "../../src/sys/files/write.ts";
import { pause } from "../../src/sys/process/pause.ts";
import { projects, rememberRun } from "../../src/sys/state/projects.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-files-"));
});
afterEach(() => rmSync(root, { recursive: true }));

test("a file is replaced by a private one, and a link there is not followed", async () => {
  writeFileSync(join(root, "target"), "kept");
  symlinkSync("target", join(root, "link"));
  replaceOwn(join(root, "link"), "new");
  expect(tryRead(join(root, "target"))).toBe("kept");
  expect(tryRead(join(root, "link"))).toBe("new");
  expect(statSync(join(root, "link")).mode % 0o1000).toBe(0o600);
  await renameInto(join(root, "link"), "newer", 0o640);
  expect(statSync(join(root, "link")).mode % 0o1000).toBe(0o640);
});

test("a failed write keeps the old file and leaves no temporary file", async () => {
  mkdirSync(join(root, "taken/inside"), { recursive: true });
  const path = join(root, "taken");
  expect(() => replaceOwn(path, "x")).toThrow();
  expect(await renameInto(path, "x", 0o600).catch(() => "failed")).toBe("failed");
  expect(await replaceFile(path, "x", 0o600).catch(String)).toContain("cannot write");
  expect(readdirSync(root)).toEqual(["taken"]);
});

test.each([
  ["missing", undefined],
  ["partial", '{"a": 1'],
  ["of another shape", "[]"],
  ["null", "null"],
])("JSON that is %s counts as missing", (_, text) => {
  if (text !== undefined) writeFileSync(join(root, "x.json"), text);
  expect(readJson(join(root, "x.json"), isObject)).toBeUndefined();
});

test("a project's record is replaced atomically, and other files are not projects", () => {
  rememberRun(root, root, "codex", "silo-codex:1");
  rememberRun(root, root, "claude", "silo-claude:1");
  const folder = join(root, "silo/projects");
  const [name = ""] = readdirSync(folder);
  writeFileSync(join(folder, `${name}.silo-1`), readFileSync(join(folder, name)));
  writeFileSync(join(folder, "other.json"), "[1]");
  expect(projects(root)).toMatchObject([{ directory: root, tool: "claude" }]);
  expect(Object.keys(projects(root)[0]?.images ?? {})).toEqual(["codex", "claude"]);
});

test("a pause ends when its signal aborts, before or while it waits", async () => {
  const controller = new AbortController();
  const waiting = pause(2 ** 30, controller.signal);
  controller.abort();
  await waiting;
  await pause(2 ** 30, controller.signal);
  await pause(0);
});
