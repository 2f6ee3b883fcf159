import type { ArgsDef } from "citty";
import { described, wrapped } from "../../ui/table.ts";
import { descriptionOf, nameOf, optionsOf, type CommandSpec } from "./command.ts";
import { COMMANDS, commandsBelow, GROUPS, ROOT } from "./commands.ts";
import type { Parsed } from "./parse.ts";

const EXAMPLES = [
  ["silo claude", "run Claude Code in this directory"],
  ["silo codex -- exec 'fix it'", "pass everything after -- to the tool"],
  ["silo claude --dry-run", "print what would run"],
] as const;

const EXIT_CODES = [
  "A run exits with the exit status of the tool. silo itself exits with 1 on failure, 2 on wrong usage,",
  "and 130 when it is interrupted.",
].join(" ");

/** The text of `--help`, in lines of at most `width` columns. */
export function helpText({ spec, group, help }: Parsed, width: number): string {
  if (help === "all") return everything(width);
  if (help === "group") return groupHelp(group, width);
  return spec === ROOT ? overview(width) : commandHelp(spec, width);
}

/** The overview, which fits in 35 rows of 80 columns. */
function overview(width: number): string {
  return [
    ...wrapped("Run AI coding agents in auto-approve mode inside an isolated environment.", width),
    "",
    "Usage: silo [options] [tool] [-- tool arguments]",
    "       silo <command> [options]",
    ...(["Tools", "Containers", "Setup"] as const).flatMap((group) => [
      "",
      `${group}:`,
      ...described(commandRows(group), width),
    ]),
    "",
    "Examples:",
    ...described(EXAMPLES, width),
    "",
    ...wrapped("silo <command> --help shows its options; silo --help --all shows all help.", width),
  ].join("\n");
}

/** Rows for the commands of a help group, and for the groups of subcommands. */
function commandRows(group: CommandSpec["group"]): readonly (readonly [string, string])[] {
  const commands = [...commandsBelow("")].filter(([, spec]) => spec.group === group);
  const groups = group === "Setup" ? GROUPS : [];
  return [...groups, ...commands.map(([word, spec]) => [word, descriptionOf(spec)] as const)];
}

function groupHelp(group: string, width: number): string {
  const rows = [...commandsBelow(group).values()].map(
    (spec) => [usage(spec), descriptionOf(spec)] as const,
  );
  return [
    ...wrapped(GROUPS.get(group) ?? "", width),
    "",
    `Usage: silo ${group} <subcommand> [options]`,
    "",
    "Subcommands:",
    ...described(rows, width),
    "",
    ...wrapped(`silo ${group} <subcommand> --help shows its options.`, width),
  ].join("\n");
}

function everything(width: number): string {
  const commands = [...COMMANDS.values()].filter(({ group }) => group !== "Tools");
  return [
    overview(width),
    "",
    ["Options of a run:", ...optionRows(optionsOf(ROOT), width)].join("\n"),
    "",
    ["Exit status:", ...wrapped(EXIT_CODES, width - 2).map((line) => `  ${line}`)].join("\n"),
    ...commands.flatMap((spec) => ["", "", `silo ${nameOf(spec)}: ${commandHelp(spec, width)}`]),
  ].join("\n");
}

function usage(spec: CommandSpec): string {
  return `${nameOf(spec)} ${spec.args.usage}`.trim();
}

function commandHelp(spec: CommandSpec, width: number): string {
  const tail = spec.group === "Tools" ? "[-- tool arguments]" : spec.args.usage;
  return [
    ...wrapped(descriptionOf(spec), width),
    "",
    `Usage: silo ${nameOf(spec)} [options] ${tail}`.trimEnd(),
    "",
    "Options:",
    ...optionRows(optionsOf(spec), width),
    "",
    "Examples:",
    ...spec.examples.map((example) => `  ${example}`),
  ].join("\n");
}

function optionRows(options: ArgsDef, width: number): readonly string[] {
  const named = Object.entries(options).map(([name, option]) => {
    const alias =
      "alias" in option && option.alias !== undefined ? `-${String(option.alias)}, ` : "    ";
    const allowed = option.type === "enum" ? ` ${(option.options ?? []).join("|")}` : "";
    const value = option.type === "string" ? ` ${option.valueHint ?? "VALUE"}` : allowed;
    return [`${alias}--${name}${value}`, option.description ?? ""] as const;
  });
  return described([...named, ["-h, --help", "show this help"]], width);
}
