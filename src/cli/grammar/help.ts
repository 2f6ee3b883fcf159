import type { ArgsDef } from "citty";
import { flagsOf, nameOf, type Node } from "./command.ts";
import { described, wrapped } from "../../ui/table.ts";
import { COMMANDS } from "./commands.ts";

const GROUPS = ["Run", "Containers", "Configuration"] as const;

const EXAMPLES = [
  ["silo claude", "run Claude Code on this directory"],
  ["silo codex -- exec 'fix it'", "everything behind -- goes to the tool"],
  ["silo claude --dry-run", "show what would run"],
] as const;

const EXIT_CODES = "the tool's own, whatever it is; 1 silo failed; 2 wrong usage; 130 cancelled";

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
      ...described(
        nodes.map((node) => [usageName(node), describe(node)]),
        width,
      ),
    ].join("\n");
  });
  return [
    ...wrapped("Runs AI coding agents in auto-approve mode inside an isolated environment.", width),
    "",
    "Usage: silo [flags] [tool] [-- args for the tool]",
    "       silo <command> [flags]",
    "",
    groups.join("\n\n"),
    "",
    ["Flags of a run:", ...flagRows(flagsOf(root), width)].join("\n"),
    "",
    ["Examples:", ...described(EXAMPLES, width)].join("\n"),
    "",
    ["Exit codes:", ...wrapped(EXIT_CODES, width - 2).map((line) => `  ${line}`)].join("\n"),
    "",
    ...wrapped("silo <command> --help tells more about a command.", width),
  ].join("\n");
}

function usageName(node: Node): string {
  return `${nameOf(node)} ${node.words.form}`.trim();
}

function ofCommand(node: Node, name: string, width: number): string {
  const tail = node.group === "Run" ? " [flags] [-- args for the tool]" : " [flags]";
  const flags = flagRows(flagsOf(node), width);
  return [
    ...wrapped(describe(node), width),
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
  return described([...named, ["-h, --help", "show this help"]], width);
}
