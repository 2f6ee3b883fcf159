import { expect, test } from "bun:test";
import { parseArgv } from "../../src/cli/grammar/parse.ts";
import { mergeConfig } from "../../src/config/merge.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { UsageError } from "../../src/errors.ts";
import { SOAK } from "../support/soak.ts";

const ROUNDS = 500 * SOAK;

/** A random generator with a seed, so that failures are reproducible (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const FILE = `{
  // a file with all kinds of things
  "backend": "docker", "tool": "claude", "env": ["A", "B=c"], "ports": ["127.0.0.1:80:80/udp"],
  "mounts_ro": ["~/x"], "image": {"base": "debian", "toolchains": ["node"]},
  "tools": {"codex": {"pre_run_hooks": ["true"]}}, "repos": {"acme": {"tool": "vibe", "env": []}},
  "backends": {"docker": {"cpus": 2, "memory": "4g", "socket": false}},
}`;
const PIECES = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  ":",
  "//",
  "/*",
  "*/",
  "null",
  "true",
  "1e999",
  "-",
  "\\u0000",
  "\\",
  "\n",
  "__proto__",
  '"toString":',
  "\uD800",
  "\0",
  "é",
  '{"a":'.repeat(50),
];

test(`${ROUNDS} mutated configuration files: a configuration or problems with their place, nothing else`, () => {
  const pick = random(1);
  for (let round = 0; round < ROUNDS; round += 1) {
    let text = FILE;
    for (let change = pick(6); change >= 0; change -= 1) {
      const at = pick(text.length + 1);
      const piece = PIECES[pick(PIECES.length)] ?? "";
      text = text.slice(0, at) + (pick(2) === 0 ? piece : "") + text.slice(at + pick(8));
    }
    const parsed = parseConfig(text);
    if ("config" in parsed)
      expect(mergeConfig([{ path: "/f", config: parsed.config }], {})).toBeDefined();
    else {
      expect(parsed.problems.length).toBeGreaterThan(0);
      for (const { line, column, message } of parsed.problems)
        expect(line > 0 && column > 0 && message !== "").toBe(true);
    }
  }
});

const WORDS = [
  "claude",
  "codex",
  "ls",
  "rm",
  "exec",
  "config",
  "show",
  "--",
  "-",
  "--backend",
  "docker",
  "--backend=",
  "--name",
  "-v",
  "-vq",
  "--json",
  "--help",
  "-h",
  "",
  "__proto__",
  "--constructor",
  "--=x",
  "é",
  "-\0",
  "--all",
  "x".repeat(500),
];

test(`${ROUNDS} mixed-up command lines: understood or refused as wrong usage, nothing else`, () => {
  const pick = random(2);
  for (let round = 0; round < ROUNDS; round += 1) {
    const argv = Array.from({ length: pick(7) }, () => WORDS[pick(WORDS.length)] ?? "");
    try {
      const { rest } = parseArgv(argv);
      const dashes = argv.indexOf("--");
      if (rest.length > 0) expect(argv.slice(dashes + 1)).toEqual([...rest]);
    } catch (error) {
      if (!(error instanceof UsageError))
        throw new Error(`${JSON.stringify(argv)}: ${String(error)}`, { cause: error });
    }
  }
});
