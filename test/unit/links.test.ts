import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathFacts } from "../../src/sys/host/facts.ts";
import { linksOn } from "../../src/sys/files/links.ts";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "silo-links-")));
  mkdirSync(join(root, "a/b/c"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const links = (path: string) => linksOn(join(root, path)).map((at) => at.slice(root.length + 1));

test("a path without links has none", () => {
  expect(links("a/b/c")).toEqual([]);
  expect(links("a/none/x")).toEqual([]);
});

test("every link that is followed is listed by its real path, in order", () => {
  symlinkSync("a/b", join(root, "one"));
  symlinkSync(join(root, "one"), join(root, "a/two"));
  symlinkSync("../../a/two/c", join(root, "a/b/three"));
  expect(links("one/three")).toEqual(["one", "a/b/three", "a/two", "one"]);
});

test("`..` after a link starts at the link's target, as in the kernel", () => {
  mkdirSync(join(root, "x/y"), { recursive: true });
  symlinkSync("../x/y", join(root, "a/in"));
  symlinkSync("../a", join(root, "x/back"));
  symlinkSync("a/in/../back/b", join(root, "way"));
  expect(realpathSync(join(root, "way"))).toBe(join(root, "a/b"));
  expect(links("way")).toEqual(["way", "a/in", "x/back"]);
});

test("a loop ends, and a dangling link is listed", () => {
  symlinkSync("loop", join(root, "loop"));
  symlinkSync("none", join(root, "dead"));
  expect(links("loop").length).toBeLessThan(100);
  expect(links("dead/x")).toEqual(["dead"]);
});

test("facts name the directory in which a tool could have written a link", () => {
  symlinkSync("b", join(root, "a/link"));
  const path = join(root, "a/link");
  const facts = pathFacts([path, join(root, "a")], (at) =>
    at === join(root, "a") ? "/writer" : undefined,
  );
  expect(facts[path]?.links).toEqual([{ at: path, writtenIn: "/writer" }]);
  expect(facts[join(root, "a")]?.links).toBeUndefined();
});
