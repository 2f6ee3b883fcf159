import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { folded, printable, shellWord, showCommand } from "../../src/core/text/quote.ts";

test.each(["", "a b", "it's", '"', "$HOME", "`x`", "a\nb", "*", "~", "-n", "ü", "a=b", "\\"])(
  "a shell reads %j back unchanged",
  (word) => {
    expect(
      spawnSync("sh", ["-c", `printf %s ${shellWord(word)}`], { encoding: "utf8" }).stdout,
    ).toBe(word);
  },
);

test("a shown command has the names of its variables, but not their values", () => {
  const shown = showCommand({
    bin: "docker",
    args: ["run", "-e", "KEY", "a b"],
    env: { KEY: "s3cret" },
  });
  expect(shown).toBe("KEY=… docker run \\\n  -e KEY 'a b'");
});

test("a long line cannot imitate several", () => {
  expect(folded("short", 80)).toBe("short");
  const lines = folded(`${"x".repeat(100)} pretend: "this"`, 40).split("\n");
  expect(lines.every((line) => line.length <= 40)).toBe(true);
  expect(lines.slice(1).every((line) => line.startsWith("      "))).toBe(true);
  expect(lines.map((line, i) => (i === 0 ? line : line.slice(6))).join("")).toEndWith(
    'pretend: "this"',
  );
  expect(folded("漢".repeat(40), 40).split("\n")[0]).toHaveLength(14);
});

test("text for a terminal keeps its letters, and its control characters are escaped", () => {
  expect(printable("a\u001B[31mred\u001B[0m\u001B[2J\tb\nc\u202Ed 😀é")).toBe(
    "ared\\u001b[2J\tb\nc\\u202ed 😀é",
  );
});
