import { describe, expect, test } from "bun:test";
import { define, type Action } from "../../src/cli/grammar/command.ts";
import { COMMANDS } from "../../src/cli/grammar/commands.ts";
import { helpText } from "../../src/cli/grammar/help.ts";
import { RUN_OPTIONS } from "../../src/cli/grammar/options.ts";
import { parseArgv } from "../../src/cli/grammar/parse.ts";

const help = (line: string, width = 80) => helpText(parseArgv(line.split(" ")), width);

test("silo --help fits 35 rows of 80 columns", () => {
  const rows = help("--help").split("\n");
  expect(rows.length).toBeLessThanOrEqual(35);
  expect(rows.filter((row) => row.length > 80)).toEqual([]);
});

test("silo --help names every command of one word, and groups in place of theirs", () => {
  const text = help("--help");
  for (const name of COMMANDS.keys())
    if (name !== "") expect(text).toMatch(new RegExp(`^  ${name.split(" ")[0]}  `, "m"));
});

const commands = [...COMMANDS].filter(([name]) => name !== "");

describe("the help of a command", () => {
  test.each(commands)("silo %s: usage, options, and one to three examples", (name, spec) => {
    const text = help(`${name} --help`);
    expect(text).toMatch(new RegExp(`^Usage: silo ${name} \\[options\\]`, "m"));
    expect(text).toContain("\nOptions:\n");
    expect(text.split("\n").filter((row) => row.length > 80 && !row.startsWith("  silo "))).toEqual(
      [],
    );
    expect(spec.examples.length).toBeWithin(1, 4);
  });

  test.each([...COMMANDS.values()].flatMap(({ examples }) => examples))("%s is valid", (line) => {
    // Without a pipe, redirection or substitution around the command.
    const [, typed = ""] = /(?:^|\| )silo ?(.*?)(?: >.*| \$\(.*)?$/.exec(line) ?? [];
    expect(() => parseArgv(typed.split(" ").filter((word) => word !== ""))).not.toThrow();
  });
});

test("silo --help --all has the options and examples of every command", () => {
  const text = `${help("--help --all")}\n`;
  expect(text).toContain("--force-build");
  expect(text).toContain("Exit status:");
  for (const { examples, group } of COMMANDS.values())
    if (group !== "Tools") for (const example of examples) expect(text).toContain(`  ${example}\n`);
});

test("silo config --help lists the subcommands", () => {
  expect(help("config --help")).toMatch(/^Usage: silo config <subcommand>[^]*^ {2}config trust /m);
});

test("a narrow terminal gets descriptions below the names", () => {
  const rows = help("claude --help", 30).split("\n");
  expect(rows).toContain("      rebuild the image");
});

test("an action gets typed options, and a misspelt one does not compile", async () => {
  const seen: unknown[] = [];
  const record: Action<typeof RUN_OPTIONS> = ({ options }) => {
    const backend: "docker" | "container" | "fly" | "bwrap" | undefined = options.backend;
    const dry: boolean = options["dry-run"];
    const name: string | undefined = options.name;
    // @ts-expect-error the option is called dry-run
    seen.push(backend, dry, name, options["dry-rnu"]);
    return Promise.resolve(0);
  };
  const spec = define({
    group: "Setup",
    name: "x",
    description: "",
    options: RUN_OPTIONS,
    examples: [],
    load: () => Promise.resolve(record),
  });
  const action = await spec.load();
  await action({ given: { backend: "fly", "dry-run": true }, args: [], rest: [] });
  await action({ given: { name: "a" }, args: [], rest: [] });
  expect(seen).toEqual(["fly", true, undefined, undefined, undefined, false, "a", undefined]);
});
