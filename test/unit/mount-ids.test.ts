import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mount } from "../../src/core/types.ts";
import { withIds } from "../../src/sys/files/mount-ids.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-ids-"));
  mkdirSync(join(root, "project/docs"), { recursive: true });
  mkdirSync(join(root, "secret/docs"), { recursive: true });
  writeFileSync(join(root, "project/file"), "");
});
afterEach(() => rmSync(root, { recursive: true }));

const mount = (path: string, kind: Mount["kind"] = "dir"): Mount => {
  const full = join(root, path);
  return { source: full, target: full, mode: "rw", kind, from: "project" };
};

test("each source has the device and inode that stat(2) reports in the guest", () => {
  const ids = withIds([mount("project"), mount("project/file", "file")]).map(({ id }) => id);
  const told = ["project", "project/file"].map((path) => {
    const { dev, ino } = statSync(join(root, path));
    return `${dev}:${ino}`;
  });
  expect(ids).toEqual(told);
});

test("a source that is now a link, below a link or of another kind prevents the start", () => {
  const planned = [mount("project/docs"), mount("project/file", "file")];
  renameSync(join(root, "project"), join(root, "old"));
  symlinkSync(join(root, "secret"), join(root, "project"));
  for (const one of planned) expect(() => withIds([one])).toThrow("was replaced on the host");
  expect(() => withIds([mount("project")])).toThrow("was replaced on the host");
  rmSync(join(root, "project"));
  writeFileSync(join(root, "project"), "");
  expect(() => withIds([mount("project")])).toThrow("was replaced on the host");
});

test("a dry run shows a missing source without an id; a start fails", () => {
  expect(withIds([mount("none")], true)).toEqual([mount("none")]);
  expect(() => withIds([mount("none")])).toThrow("was replaced on the host");
});
