import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filled } from "../../scripts/reference.ts";
import { threatTable } from "../escape/table.ts";
import { THREATS, type Threat } from "../escape/threats.ts";

const ROOT = join(import.meta.dir, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const ALL: readonly Threat[] = THREATS;

test("SECURITY.md lists exactly the attacks that are tested", () => {
  const text = read("SECURITY.md");
  expect(text).toBe(filled(text, "attacks", threatTable(ALL)));
});

test("each attack is listed once", () => {
  const names = ALL.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe("the test of each attack exists", () => {
  test.each(ALL.map((threat) => [threat.name, threat] as const))(
    "%s",
    (_, { name, file, test: own }) => {
      expect(existsSync(join(ROOT, "test", file))).toBe(true);
      expect(read(`test/${file}`)).toContain(JSON.stringify(own ?? name));
    },
  );
});

test("no test of an attack is missing in the table", () => {
  const files = readdirSync(join(ROOT, "test/escape")).filter((name) => name.endsWith(".test.ts"));
  const told = new Set(ALL.map(({ file }) => file));
  // These files have no attacks of their own: one is a day's work, podman's repeat those of other files.
  const others = ["ordinary.test.ts", "podman.test.ts"];
  expect(files.filter((name) => !told.has(`escape/${name}`) && !others.includes(name))).toEqual([]);
});

test("each attack is shown to succeed without the protection", () => {
  for (const { name, file, test: own } of ALL) {
    if (own !== undefined) continue;
    const text = read(`test/${file}`);
    const [, word = "none"] =
      new RegExp(`const (\\w+) =\\s+${JSON.stringify(name)}`).exec(text) ?? [];
    for (const part of ["holds", "bites"])
      expect([name, part, new RegExp(`${part}\\(\\s*${word},`).test(text)]).toEqual([
        name,
        part,
        true,
      ]);
  }
});

test("public vulnerabilities are named by their CVE", () => {
  for (const sister of ALL.flatMap(({ sisters }) => sisters))
    expect(sister).toMatch(/^(CVE-20\d\d-\d{4,6}|GHSA(-[0-9a-z]{4}){3})$/);
});
