import type { ArgsDef } from "citty";
import { flagsOf, nameOf, type Node } from "./command.ts";
import { COMMANDS } from "./tree.ts";

const GROUPS = ["Run", "Containers", "Configuration"] as const;

const EXIT_CODES = `Exit codes:
  the tool's own, whatever it is; 1 silo failed; 2 wrong usage; 130 cancelled`;

/** Help of one command, or of all of silo for plain `silo`. */
export function help(node: Node, width: number): string {
  const name = nameOf(node);
  return name === "" ? overview(node, width) : ofCommand(node, name, width);
}

function describe({ definition }: Node): string {
  return (definition.meta as { description?: string }).description ?? "";
}

function overview(root: Node, width: number): string {
  const groups = GROUPS.map((group) => {
    const nodes = [...COMMANDS.values()].filter(
      (node) => node.group === group && nameOf(node) !== "",
    );
    return [
      `${group}:`,
      ...rows(
        nodes.map((node) => [usageName(node), describe(node)]),
        width,
      ),
    ].join("\n");
  });
  return [
    "Runs AI coding agents in auto-approve mode inside an isolated environment.",
    "",
    "Usage: silo [flags] [tool] [-- args for the tool]",
    "       silo <command> [flags]",
    "",
    groups.join("\n\n"),
    "",
    ["Flags of a run:", ...flagRows(flagsOf(root), width)].join("\n"),
    "",
    "Examples:",
    "  silo claude                     run Claude Code on this directory",
    "  silo codex -- exec 'fix it'     everything behind -- goes to the tool",
    "  silo claude --dry-run           show what would run",
    "",
    EXIT_CODES,
    "",
    "silo <command> --help tells more about a command.",
  ].join("\n");
}

function usageName(node: Node): string {
  return `${nameOf(node)} ${node.words.form}`.trim();
}

function ofCommand(node: Node, name: string, width: number): string {
  const tail = node.group === "Run" ? " [flags] [-- args for the tool]" : " [flags]";
  const flags = flagRows(flagsOf(node), width);
  return [
    describe(node),
    "",
    `Usage: silo ${name}${node.words.form === "" ? "" : ` ${node.words.form}`}${tail}`,
    ...(flags.length === 0 ? [] : ["", "Flags:", ...flags]),
    "",
    "Examples:",
    ...node.examples.map((example) => `  ${example}`),
  ].join("\n");
}

function flagRows(flags: ArgsDef, width: number): readonly string[] {
  const named = Object.entries(flags).map(([name, flag]) => {
    const alias = "alias" in flag && flag.alias !== undefined ? `-${String(flag.alias)}, ` : "    ";
    const options = flag.type === "enum" ? ` ${(flag.options ?? []).join("|")}` : "";
    const value = flag.type === "string" ? ` ${flag.valueHint ?? "VALUE"}` : options;
    return [`${alias}--${name}${value}`, flag.description ?? ""] as const;
  });
  return rows([...named, ["-h, --help", "show this help"]], width);
}

/** Two columns; where the terminal is too narrow, the text stands below its word. */
function rows(pairs: readonly (readonly [string, string])[], width: number): readonly string[] {
  const left = Math.max(...pairs.map(([word]) => word.length)) + 4;
  const narrow = width - left < 24;
  const indent = " ".repeat(narrow ? 6 : left);
  return pairs.map(([word, text]) => {
    const lines = wrap(text, width - indent.length);
    const body = lines.join(`\n${indent}`);
    return narrow ? `  ${word}\n${indent}${body}` : `${`  ${word}`.padEnd(left)}${body}`;
  });
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
