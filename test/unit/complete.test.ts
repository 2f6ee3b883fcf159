import { expect, test } from "bun:test";
import { complete } from "../../src/cli/completion/candidates.ts";

const offered = (...words: string[]) => {
  const offers = complete(words, ["app-1", "app-2", "web-1"]);
  return typeof offers === "string" ? offers : offers.map(({ word }) => word);
};

test.each([
  [["cl"], ["claude", "cline"]],
  [
    ["config", "s"],
    ["show", "schema"],
  ],
  [
    ["rm", ""],
    ["app-1", "app-2", "web-1"],
  ],
  [["rm", "app-1", "app"], ["app-2"]],
  [["exec", "web"], ["web-1"]],
  [["exec", "web-1", ""], ":files"],
  [["shell", "app-1", ""], []],
  [["claude", "--", "src/"], ":files"],
  [["claude", ""], []],
  [["--backend", "d"], ["docker"]],
  [["rm", "--backend", "docker", "w"], ["web-1"]],
  [["--backend", "docker", "vi"], ["vibe"]],
  [["--backend=d"], ["--backend=docker"]],
  [["--backend", "=", "d"], ["docker"]],
  [
    ["--backend", "="],
    ["docker", "container", "fly", "bwrap"],
  ],
  [["--name", "c"], []],
  [
    ["completion", ""],
    ["bash", "zsh", "fish"],
  ],
  [["claude", "--dry-run", "--d"], []],
  [["rm", "--f"], ["--force"]],
  [
    ["help", "cl"],
    ["claude", "cline"],
  ],
  [["conf"], ["config"]],
  [["config", "nonsense", ""], []],
  [["claude", "-v", "--verb"], []],
  [["--backend", "nonsense", "vi"], ["vibe"]],
  [["rm", "--backend=", "w"], ["web-1"]],
  [["ls", "extra", "--q"], ["--quiet"]],
  [["nonsense", ""], []],
  [["nonsense", "--b"], ["--backend"]],
  [[], undefined],
])("silo %j is completed with %j", (words, expected) => {
  if (expected === undefined) expect(offered(...words).length).toBeGreaterThan(10);
  else expect(offered(...words)).toEqual(expected as string[]);
});
