import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { shellWord, showCommand } from "../../src/core/quote.ts";

test.each(["", "a b", "it's", '"', "$HOME", "`x`", "a\nb", "*", "~", "-n", "ü", "a=b", "\\"])(
  "a shell reads %j back unchanged",
  (word) => {
    expect(
      spawnSync("sh", ["-c", `printf %s ${shellWord(word)}`], { encoding: "utf8" }).stdout,
    ).toBe(word);
  },
);

test("a shown command has the names of its environment and no value", () => {
  const shown = showCommand({
    bin: "docker",
    args: ["run", "-e", "KEY", "a b"],
    env: { KEY: "s3cret" },
  });
  expect(shown).toBe("KEY=… docker run -e KEY 'a b'");
});
