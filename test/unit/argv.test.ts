import { describe, expect, test } from "bun:test";
import { parseArgv } from "../../src/cli/grammar/parse.ts";
import { nameOf } from "../../src/cli/grammar/command.ts";
import { UsageError } from "../../src/errors.ts";

function parse(line: string) {
  const { spec, help, given, args, rest } = parseArgv(line === "" ? [] : line.split(" "));
  return { command: nameOf(spec), help, given, args, rest };
}

describe("a valid command line", () => {
  const base = { help: undefined, given: {}, args: [], rest: [] };
  test.each([
    ["", { command: "" }],
    ["claude", { command: "claude" }],
    ["--backend docker claude", { command: "claude", given: { backend: "docker" } }],
    ["claude --backend=docker", { command: "claude", given: { backend: "docker" } }],
    ["-v claude --name x", { command: "claude", given: { verbose: true, name: "x" } }],
    ["claude -vy", { command: "claude", given: { verbose: true, yes: true } }],
    [
      "claude -- --help -- -x --version",
      { command: "claude", rest: ["--help", "--", "-x", "--version"] },
    ],
    ["-- --version", { command: "", rest: ["--version"] }],
    ["help", { command: "", help: "command" }],
    ["help --all", { command: "", help: "all" }],
    ["--help --all", { command: "", help: "all" }],
    ["rm --help --all", { command: "rm", help: "command", given: { all: true } }],
    ["config --help", { command: "", help: "group" }],
    ["help config show", { command: "config show", help: "command" }],
    ["help exec a ls", { command: "exec", help: "command", args: ["a", "ls"] }],
    ["claude --help", { command: "claude", help: "command" }],
    ["--help", { command: "", help: "command" }],
    ["exec --help", { command: "exec", help: "command" }],
    ["ls -q --backend docker", { command: "ls", given: { quiet: true, backend: "docker" } }],
    ["--backend docker ls", { command: "ls", given: { backend: "docker" } }],
    ["rm a b", { command: "rm", args: ["a", "b"] }],
    ["exec a -- ls -la --help", { command: "exec", args: ["a", "ls", "-la", "--help"] }],
    [
      "exec --backend docker a sh -c x",
      { command: "exec", given: { backend: "docker" }, args: ["a", "sh", "-c", "x"] },
    ],
    ["config show", { command: "config show" }],
    ["config paths -v", { command: "config paths", given: { verbose: true } }],
  ])("silo %s", (line, expected) => {
    expect(parse(line)).toEqual({ ...base, ...expected } as ReturnType<typeof parse>);
  });
});

describe("a usage error", () => {
  test.each([
    ["cluade", 'unknown command "cluade"; did you mean "claude"?'],
    ["constructor", 'unknown command "constructor"'],
    ["__proto__", 'unknown command "__proto__"'],
    ["--version --verbose", "--version cannot be combined with other arguments"],
    ["-v -V", "-V cannot be combined with other arguments"],
    ["claude foo", 'unexpected argument "foo"; pass tool arguments after --'],
    ["--bakcend docker", 'silo has no option --bakcend; did you mean "--backend"?'],
    [
      "claude --forcebuild",
      'silo claude has no option --forcebuild; did you mean "--force-build"?',
    ],
    [
      "--backend dockr",
      'unsupported value "dockr" for --backend (docker, container, fly or bwrap); did you mean "docker"?',
    ],
    ["--backend", "--backend requires a value"],
    ["--name --yes claude", "--name requires a value"],
    ["--backend docker claude --backend fly", "--backend can be used only once"],
    ["--verbose=yes", "--verbose takes no value"],
    ["--force-build ls", "silo ls has no option --force-build"],
    ["config", "silo config requires a subcommand"],
    ["config shwo", 'unknown command "shwo" for "silo config"; did you mean "show"?'],
    ["exec a", "silo exec requires <name> [--] <command...>"],
    ["shell", "silo shell requires <name>"],
    ["shell a b", 'unexpected argument "b"'],
    ["ls x", 'unexpected argument "x"'],
    ["ls -- x", "silo ls takes no arguments after --"],
    ["--all", "silo has no option --all"],
    ["--all rm", "silo has no option --all"],
    ["claude -x", "silo claude has no option -x"],
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
