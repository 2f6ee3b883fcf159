import { afterAll, beforeAll, expect, test } from "bun:test";
import { gitGlob } from "../../src/core/git/glob.ts";
import { askGit, makeSandbox, removeSandbox, seeded, write, type Sandbox } from "../support/git.ts";
import { CPU_LIMIT_MS, cpuOf } from "../support/cpu.ts";

let box: Sandbox;
beforeAll(() => {
  box = makeSandbox();
});
afterAll(() => removeSandbox(box));

/** The patterns that match according to git: each includes a file if it matches the address, and the list shows which. */
function gitMatches(patterns: readonly string[], text: string): readonly boolean[] {
  const quoted = (pattern: string) => pattern.replaceAll(/["\\]/g, String.raw`\$&`);
  const conditions = patterns.map(
    (pattern) => `[includeIf "hasconfig:remote.*.url:${quoted(pattern)}"]\npath = hit\n[x]\ny\n`,
  );
  write(`${box.home}/hit`, "[hit]\nit");
  write(`${box.home}/.gitconfig`, `[remote "o"]\nurl = "${quoted(text)}"\n${conditions.join("")}`);
  const list = askGit(box.root, box.env, "config", "--global", "--includes", "--list", "-z") ?? "";
  return list
    .split("x.y\0")
    .slice(0, -1)
    .map((part) => part.includes("hit.it\0"));
}

const matches = (pattern: string, text: string) => gitGlob(pattern, text, { steps: 1_000_000 });

const PATTERNS =
  String.raw`a a/b * ** */b a/* a/** **/b **/a/b a/**/b a**b a**/b **b a/**b a*/b ? a? a?b
  [ab] [!a] [^a] [a-c] [a-] [-a] []] []a] [!]] [[:alpha:]] [[:upper:][:digit:]] [[:nope:]] [[:alpha] [a [
  \a \* [\]] [a\-c] a\ \ **/ a/**/ /** ***/b a/***/b **\/b a/**\/b [/] a[/]b a[!x]b
  *a*b*c* *.*/** A [A-Z] [!A-Z] a//b`.split(/\s+/);
const TEXTS = [
  "a",
  "b",
  "a/b",
  "a/x/y/b",
  "/a/b",
  "a/",
  "A",
  "]",
  "-",
  "a\\",
  "a//b",
  "xaxbxc",
  "a b",
];

test("patterns match as in git", () => {
  for (const text of TEXTS) {
    const said = gitMatches(PATTERNS, text);
    expect(said).toHaveLength(PATTERNS.length);
    const own = PATTERNS.map((pattern) => matches(pattern, text));
    const differing = PATTERNS.filter((_, i) => own[i] !== said[i]);
    expect({ text, differing }).toEqual({ text, differing: [] });
  }
});

test("random patterns match as in git", () => {
  const random = seeded(7);
  const word = (letters: string, longest: number) =>
    Array.from({ length: 1 + random(longest) }, () => letters.charAt(random(letters.length))).join(
      "",
    );
  const patterns = Array.from({ length: 400 }, () => word("ab//***?[]!-\\", 9));
  for (const text of Array.from({ length: 10 }, () => word("ab/-]", 8))) {
    const said = gitMatches(patterns, text);
    const differing = patterns.filter((pattern, i) => matches(pattern, text) !== said[i]);
    expect({ text, differing }).toEqual({ text, differing: [] });
  }
});

test.each([
  ["A/b", "a/B"],
  ["[A-C]/x", "b/X"],
  ["[[:upper:]]", "a"],
])("%s matches %s if case is ignored", (pattern, text) => {
  expect(gitGlob(pattern, text, { steps: 1000 }, true)).toBe(true);
  expect(matches(pattern, text)).toBe(false);
});

test("no pattern is slow, and nothing matches beyond the budget", async () => {
  const budget = { steps: 2_000_000 };
  const all = () => {
    expect(gitGlob("*a".repeat(300) + "b", "a".repeat(3000), budget)).toBe(false);
    expect(gitGlob("**/".repeat(300) + "b", "a/".repeat(1000), budget)).toBe(false);
  };
  expect(await cpuOf(all)).toBeLessThan(CPU_LIMIT_MS);
  expect(gitGlob("*", "a".repeat(2_000_000), budget)).toBe(false);
  expect(budget.steps).toBeLessThan(0);
  expect(matches("*", "a".repeat(100_000))).toBe(true);
});
