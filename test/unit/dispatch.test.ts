import { expect, test } from "bun:test";
import { earlyQuestion } from "../../src/cli/dispatch.ts";
import { TOOLS } from "../../src/tools/index.ts";

test.each(TOOLS.map(({ name }) => name))("%s is known early as a run", (tool) => {
  expect(earlyQuestion([tool])).toBe("names");
  expect(earlyQuestion(["-v", tool, "--", "ls", "--backend"])).toBe("names");
});

test.each([
  [[], "names"],
  [["--", "--version"], "names"],
  [["ls"], "list"],
  [["ls", "--json"], "list"],
  [["ls", "--backend", "fly"], undefined],
  [["claude", "--backend", "fly"], undefined],
  [["claude", "--name", "x"], undefined],
  [["claude", "--dry-run"], undefined],
  [["claude", "--help"], undefined],
  [["cluade"], undefined],
  [["config", "show"], undefined],
  [["completion", "bash"], undefined],
] as const)("%j asks for %s", (argv, question) => {
  expect(earlyQuestion(argv)).toBe(question);
});
