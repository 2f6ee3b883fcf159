import { describe, expect, test } from "bun:test";
import { parseArgv } from "../../src/cli/grammar/parse.ts";
import { nameOf } from "../../src/cli/grammar/command.ts";
import { UsageError } from "../../src/errors.ts";

function parse(line: string) {
  const { node, help, flags, words, rest } = parseArgv(line === "" ? [] : line.split(" "));
  return { command: nameOf(node), help, flags, words, rest };
}

describe("accepted", () => {
  const base = { help: false, flags: {}, words: [], rest: [] };
  test.each([
    ["", { command: "" }],
    ["claude", { command: "claude" }],
    ["--backend docker claude", { command: "claude", flags: { backend: "docker" } }],
    ["claude --backend=docker", { command: "claude", flags: { backend: "docker" } }],
    ["-v claude --name x", { command: "claude", flags: { verbose: true, name: "x" } }],
    ["claude -vy", { command: "claude", flags: { verbose: true, yes: true } }],
    [
      "claude -- --help -- -x --version",
      { command: "claude", rest: ["--help", "--", "-x", "--version"] },
    ],
    ["-- --version", { command: "", rest: ["--version"] }],
    ["claude --help", { command: "claude", help: true }],
    ["--help", { command: "", help: true }],
    ["exec --help", { command: "exec", help: true }],
    ["ls -q --backend docker", { command: "ls", flags: { quiet: true, backend: "docker" } }],
    ["--backend docker ls", { command: "ls", flags: { backend: "docker" } }],
    ["rm a b", { command: "rm", words: ["a", "b"] }],
    ["exec a -- ls -la --help", { command: "exec", words: ["a", "ls", "-la", "--help"] }],
    [
      "exec --backend docker a sh -c x",
      { command: "exec", flags: { backend: "docker" }, words: ["a", "sh", "-c", "x"] },
    ],
    ["config show", { command: "config show" }],
    ["config paths -v", { command: "config paths", flags: { verbose: true } }],
  ])("silo %s", (line, expected) => {
    expect(parse(line)).toEqual({ ...base, ...expected } as ReturnType<typeof parse>);
  });
});

describe("refused with a suggestion", () => {
  test.each([
    ["cluade", 'there is no command or tool "cluade"; did you mean "claude"?'],
    ["constructor", 'there is no command or tool "constructor"'],
    ["__proto__", 'there is no command or tool "__proto__"'],
    ["--version --verbose", "--version stands alone"],
    ["-v -V", "-V stands alone"],
    ["claude foo", '"foo" is no word of silo'],
    ["--bakcend docker", 'silo has no flag --bakcend; did you mean "--backend"?'],
    ["claude --forcebuild", 'silo claude has no flag --forcebuild; did you mean "--force-build"?'],
    [
      "--backend dockr",
      '--backend is one of docker, container, fly, bwrap, not "dockr"; did you mean "docker"?',
    ],
    ["--backend", "--backend needs a value"],
    ["--name --yes claude", "--name needs a value"],
    ["--backend docker claude --backend fly", "--backend is given twice"],
    ["--verbose=yes", "--verbose takes no value"],
    ["--force-build ls", "silo ls has no flag --force-build"],
    ["config", "silo config needs a further word"],
    ["config shwo", 'there is no config command "shwo"; did you mean "show"?'],
    ["exec a", "silo exec needs <name> [--] <command...>"],
    ["shell", "silo shell needs <name>"],
    ["shell a b", 'silo shell takes no word "b"'],
    ["ls x", 'silo ls takes no word "x"'],
    ["ls -- x", "silo ls takes nothing behind --"],
    ["claude -x", "silo claude has no flag -x"],
  ])("silo %s", (line, message) => {
    let error: unknown;
    try {
      parse(line);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toStartWith(message);
    expect((error as UsageError).exitCode).toBe(2);
  });
});
