import { expect, test } from "bun:test";
import { problems } from "./check.ts";

/** Documents with one mistake each, and the expected problem, to check the checks themselves. */
const block = (kind: string, ...lines: readonly string[]) =>
  ["```" + kind, ...lines, "```"].join("\n");

const TOOL = (field: string) => `// src/tools/gemini.ts
import type { Tool } from "../core/tool.ts";
export const gemini = { name: "gemini", ${field} } as const satisfies Tool;`;

test.each([
  ["a block without a kind", block("", "silo claude"), 'the unknown kind ""'],
  ["a block of another kind", block("bash", "silo claude"), 'the unknown kind "bash"'],
  ["a kind that every object has", block("constructor", "x"), "the unknown kind"],
  ["a command in a picture", block("text", "silo claude"), "belong in sh or console"],
  ["a setting that is not there", block("jsonc", '{ "toool": "codex" }'), 'unknown key "toool"'],
  ["half of a file", block("jsonc", '"tool": "codex"'), "1:"],
  ["a value that is not allowed", block("jsonc", '{ "ports": ["80"] }'), "expected [hostIP:]"],
  ["a flag that is not there", block("sh", "silo claude --dryrun"), "has no option --dryrun"],
  ["a command that is not there", block("sh", "silo lst"), 'unknown command "lst"'],
  ["a tool argument without --", block("sh", "silo claude fix"), "pass tool arguments after --"],
  ["one that is only looked at", block("sh", "silo claude --backend flyy"), '"flyy"'],
  ["one that is only looked at, too", block("sh", "silo reconnect --x a"), "has no option --x"],
  ["a program that is not there", block("sh", "sillo claude"), "exit code 127"],
  ["a command that fails", block("sh", "silo exec app-9 ls"), 'no silo container is named "app-9"'],
  ["a later one that fails", block("sh", "silo ls", "false", "silo ls"), "exit code 1"],
  ["a shell's own mistake", block("sh", "silo exec app-1 'ls"), "exit code 2"],
  ["commands that never run", block("sh", "if false; then", "silo ls", "fi"), "nothing was called"],
  ["a script of npm's that is not there", block("sh", "npm run snadbox"), "no npm run snadbox"],
  ["npm start and a wrong flag", block("sh", "npm start -- codex --x"), "has no option --x"],
  ["a transcript without a command", block("console", "silo ls"), "begins with $"],
  ["other output", block("console", "$ silo ls", "no silo containers"), "silo ls prints:"],
  ["less output", block("console", "$ silo ls", "NAME…"), "silo ls prints:"],
  [
    "a file that is not valid",
    block("console", "$ cat silo.jsonc", "{ 1 }", "$ silo ls", "…"),
    "1:3",
  ],
  ["another question", block("console", "$ silo", "◆  Which tool?", "fly"), "not on the screen"],
  ["a tool that lacks a field", block("ts", TOOL('title: "Gemini"')), "types of the tool"],
  ["a tool without its path", block("ts", "export const x = 1;"), "its path"],
  ["a link to no file", "[x](docs/nothing.md)", "leads nowhere: docs/nothing.md"],
  ["a link to no heading", "[x](README.md#nothing)", "leads nowhere: README.md#nothing"],
  ["a link to no heading here", "# One\n[x](#two)", "leads nowhere: #two"],
  [
    "a command in a sentence",
    "See `silo config shwo`.",
    'unknown command "shwo" for "silo config"',
  ],
  ["a flag in a sentence", "See `silo ls --jsn`.", "has no option --jsn"],
  ["a script in a sentence", "See `npm run tests`.", "no npm run tests"],
  ["a file in a sentence", "See `bun scripts/nothing.ts`.", "no scripts/nothing.ts"],
  ["a source file in a sentence", "See `src/nothing.ts`.", "no src/nothing.ts"],
  ["a setting in a sentence", 'Say `"tol": "codex"`.', 'unknown key "tol"'],
  [
    "a setting's name in a sentence",
    "Say `backends.docker.sockets`.",
    "no setting backends.docker.sockets",
  ],
  ["a variable in a sentence", "Say `SILO_TRUTS=1`.", "nothing reads SILO_TRUTS"],
  ["another's address", "https://github.com/someone/silo", "someone/silo is not"],
])(
  "%s is a problem",
  async (_, text, said) => {
    const found = await problems({ path: "a.md", text });
    expect(found.join("\n")).toContain(said);
  },
  30_000,
);

test("a block without an end is an error", () => {
  expect(problems({ path: "a.md", text: "```sh\nsilo ls" })).rejects.toThrow("a.md:1");
});

test.each([
  ["a document without examples", "# One\n\nWords and [a link](#one).\n\n## One two\n"],
  ["what is right", block("sh", "silo ls   # words") + "\nSee `silo config trust [path]`."],
])("%s is no problem", async (_, text) => {
  expect(await problems({ path: "a.md", text })).toEqual([]);
});
