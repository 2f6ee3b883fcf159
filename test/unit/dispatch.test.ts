import { expect, test } from "bun:test";
import { parseArgv } from "../../src/cli/argv.ts";
import { isPlainRun } from "../../src/cli/dispatch.ts";
import { PLAIN } from "../../src/cli/plain-list.ts";
import { TOOLS } from "../../src/tools/index.ts";

test.each(TOOLS.map(({ name }) => name))("%s is known early as a run", (tool) => {
  expect(isPlainRun([tool])).toBe(true);
  expect(isPlainRun(["-v", tool, "--", "ls", "--backend"])).toBe(true);
});

test.each([
  [[], true],
  [["--", "--version"], true],
  [["claude", "--backend", "fly"], false],
  [["claude", "--name", "x"], false],
  [["claude", "--dry-run"], false],
  [["claude", "--help"], false],
  [["cluade"], false],
  [["ls"], false],
  [["config", "show"], false],
  [["completion", "bash"], false],
] as const)("%j is a plain run: %s", (argv, plain) => {
  expect(isPlainRun(argv)).toBe(plain);
});

test.each(Object.entries(PLAIN))("silo %s asks for what the grammar reads in it", (line, flags) => {
  const parsed = parseArgv(line.split(" "));
  expect(parsed.flags).toEqual(flags);
  expect(parsed.help).toBe(false);
});
