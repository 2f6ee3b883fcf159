import { shellWord } from "../../core/text/quote.ts";
import { suggestion } from "../../core/text/suggestion.ts";
import { UsageError } from "../../errors.ts";
import { nameOf, optionsOf, type CommandSpec } from "./command.ts";
import { commandsBelow, GROUPS } from "./commands.ts";

// The errors in a command line. The message names the argument, and the hint is one command.

/** The command line of a command: `silo config show`. */
const commandLine = (spec: CommandSpec) => `silo ${nameOf(spec)}`.trim();

const helpOf = (spec: CommandSpec) => `${commandLine(spec)} --help`;

export function unknownCommand(group: string, word: string): UsageError {
  const known = [...commandsBelow(group).keys(), ...(group === "" ? GROUPS.keys() : [])];
  const parent = `silo ${group}`.trim();
  const where = group === "" ? "" : ` for "${parent}"`;
  return new UsageError(`unknown command "${word}"${where}${suggestion(word, known)}`, {
    hint: `${parent} --help`,
  });
}

export function unexpectedArgument(spec: CommandSpec, word: string): UsageError {
  if (spec.group !== "Tools")
    return new UsageError(`unexpected argument "${word}"`, { hint: helpOf(spec) });
  return new UsageError(`unexpected argument "${word}"; pass tool arguments after --`, {
    hint: `${commandLine(spec)} -- ${shellWord(word)}`,
  });
}

export function unknownOption(spec: CommandSpec, written: string): UsageError {
  const command = commandLine(spec);
  const names = Object.keys(optionsOf(spec)).map((name) => `--${name}`);
  const near = suggestion(written, names);
  const forTool = spec.group === "Tools" && command !== "silo" && near === "";
  return new UsageError(`${command} has no option ${written}${near}`, {
    hint: forTool ? `${command} -- ${written}   # passes it to the tool` : helpOf(spec),
  });
}

export function versionNotAlone(written: string): UsageError {
  return new UsageError(`${written} cannot be combined with other arguments`, {
    hint: "silo --version",
  });
}

export function repeatedOption(spec: CommandSpec, written: string): UsageError {
  return new UsageError(`${written} can be used only once`, { hint: helpOf(spec) });
}

export function unexpectedValue(spec: CommandSpec, written: string): UsageError {
  return new UsageError(`${written} takes no value`, { hint: helpOf(spec) });
}

export function missingValue(spec: CommandSpec, written: string): UsageError {
  return new UsageError(`${written} requires a value`, { hint: helpOf(spec) });
}

export function invalidValue(
  spec: CommandSpec,
  written: string,
  value: string,
  allowed: readonly string[],
): UsageError {
  const list = `${allowed.slice(0, -1).join(", ")} or ${allowed.at(-1) ?? ""}`;
  return new UsageError(
    `unsupported value "${value}" for ${written} (${list})${suggestion(value, allowed)}`,
    { hint: helpOf(spec) },
  );
}

export function missingSubcommand(group: string): UsageError {
  return new UsageError(`silo ${group} requires a subcommand`, { hint: `silo ${group} --help` });
}

export function missingArguments(spec: CommandSpec): UsageError {
  return new UsageError(`${commandLine(spec)} requires ${spec.args.usage}`, { hint: helpOf(spec) });
}

export function argumentsAfterDashes(spec: CommandSpec): UsageError {
  return new UsageError(`${commandLine(spec)} takes no arguments after --`, { hint: helpOf(spec) });
}
