import type { ArgDef } from "citty";
import type { UsageError } from "../../errors.ts";
import {
  findOption,
  optionsOf,
  takesValue,
  type CommandSpec,
  type GivenOptions,
} from "./command.ts";
import { COMMANDS, GROUPS, ROOT } from "./commands.ts";
import * as wrong from "./usage-errors.ts";

/** The result of reading a command line, which may be incomplete. */
export type CommandLine = {
  /** The command; undefined if the line does not name one. */
  readonly spec: CommandSpec | undefined;
  /** The group of the command, such as `config`; also an unknown command if errors are ignored. */
  readonly group: string;
  readonly given: GivenOptions;
  /** Arguments of the command before `--`. */
  readonly args: readonly string[];
  /** Everything after `--`; undefined without one. */
  readonly rest: readonly string[] | undefined;
  /** Whether further arguments are passed to another program. */
  readonly passesThrough: boolean;
  /** The option at the end of the line, if its value is missing. */
  readonly awaiting: ArgDef | undefined;
  readonly help: boolean;
  /** The command that `--all` was given to, which is valid only with `--help`. */
  readonly all: CommandSpec | undefined;
};

/** A complete and valid command line. */
export type Parsed = {
  /** `ROOT` for plain `silo`. */
  readonly spec: CommandSpec;
  readonly given: GivenOptions;
  readonly args: readonly string[];
  readonly rest: readonly string[];
  /** The topic of `--help`: the command, its group, or everything. */
  readonly help: "command" | "group" | "all" | undefined;
  readonly group: string;
};

/**
 * Parses a command line. Arguments after `--` are not interpreted.
 * @throws UsageError for an unknown or missing command, option or argument.
 */
export function parseArgv(argv: readonly string[]): Parsed {
  const line = readLine(argv, (error) => {
    throw error;
  });
  if (line.help) return { ...complete(line), help: helpTopic(line) };
  if (line.all !== undefined) throw wrong.unknownOption(line.all, "--all");
  if (line.spec === undefined && line.group !== "") throw wrong.missingSubcommand(line.group);
  const parsed = complete(line);
  if (parsed.args.length < parsed.spec.args.min) throw wrong.missingArguments(parsed.spec);
  return parsed;
}

function helpTopic({ all, spec, group }: CommandLine): Parsed["help"] {
  if (all !== undefined) return "all";
  return spec === undefined && group !== "" ? "group" : "command";
}

function complete({ spec = ROOT, group, given, args, rest = [] }: CommandLine): Parsed {
  // Options before the command were read as options of a run.
  const foreign = Object.keys(given).find((name) => !(name in optionsOf(spec)));
  if (foreign !== undefined) throw wrong.unknownOption(spec, `--${foreign}`);
  if (spec.group !== "Tools" && rest.length > 0) throw wrong.argumentsAfterDashes(spec);
  return { spec, group, given, args, rest, help: undefined };
}

type Reading = { -readonly [K in keyof CommandLine]: CommandLine[K] } & {
  given: Record<string, string | true>;
  args: string[];
  /** Called with each error. If it returns, the argument is skipped. */
  readonly refuse: (error: UsageError) => void;
};

/** Reads a command line, which may be incomplete or invalid. @param refuse called with each error; by default errors are ignored. */
export function readLine(
  argv: readonly string[],
  refuse: (error: UsageError) => void = () => {},
): CommandLine {
  const line: Reading = {
    spec: undefined,
    group: "",
    given: {},
    args: [],
    rest: undefined,
    passesThrough: false,
    awaiting: undefined,
    help: argv[0] === "help",
    all: undefined,
    refuse,
  };
  for (let i = line.help ? 1 : 0; i < argv.length; i += 1) {
    const word = argv[i] ?? "";
    if (line.passesThrough) {
      line.args.push(...argv.slice(word === "--" ? i + 1 : i));
      break;
    }
    if (word === "--") {
      line.rest = argv.slice(i + 1);
      break;
    }
    if (word === "-h" || word === "--help") line.help = true;
    else if (word.startsWith("-") && word !== "-") i += readOption(line, word, argv[i + 1]);
    else readWord(line, word);
    line.passesThrough = line.args.length >= (line.spec?.passThroughAfter ?? Infinity);
  }
  if (line.rest !== undefined) line.passesThrough = true;
  return line;
}

function readWord(line: Reading, word: string): void {
  if (line.spec !== undefined) {
    if (line.args.length < line.spec.args.max) line.args.push(word);
    else line.refuse(wrong.unexpectedArgument(line.spec, word));
    return;
  }
  const known = word === "" ? undefined : COMMANDS.get(`${line.group} ${word}`.trim());
  if (known !== undefined) line.spec = known;
  else {
    if (line.group !== "" || !GROUPS.has(word)) line.refuse(wrong.unknownCommand(line.group, word));
    line.group = `${line.group} ${word}`.trim();
  }
}

/** Reads an option, or several combined short options. @returns the number of further arguments that it used. */
function readOption(line: Reading, word: string, next: string | undefined): number {
  if (/^-[a-z]{2,}$/i.test(word)) {
    for (const letter of word.slice(1)) setOption(line, `-${letter}`, undefined, undefined);
    return 0;
  }
  const equals = word.indexOf("=");
  if (equals < 0) return setOption(line, word, undefined, next);
  return setOption(line, word.slice(0, equals), word.slice(equals + 1), undefined);
}

function setOption(
  line: Reading,
  written: string,
  attached: string | undefined,
  next: string | undefined,
): number {
  const spec = line.spec ?? ROOT;
  const found = findOption(optionsOf(spec), written);
  if (found === undefined) {
    // `--version` without other arguments is handled by main.ts.
    if (spec === ROOT && (written === "--version" || written === "-V"))
      line.refuse(wrong.versionNotAlone(written));
    else if (written === "--all" && attached === undefined) line.all = spec;
    else line.refuse(wrong.unknownOption(spec, written));
    return 0;
  }
  const [name, option] = found;
  if (name in line.given) line.refuse(wrong.repeatedOption(spec, written));
  if (!takesValue(option)) {
    if (attached !== undefined) line.refuse(wrong.unexpectedValue(spec, written));
    line.given[name] = true;
    return 0;
  }
  const value = attached ?? next;
  if (value === undefined || value === "" || (attached === undefined && value.startsWith("-"))) {
    if (value === undefined) line.awaiting = option;
    line.refuse(wrong.missingValue(spec, written));
    return 0;
  }
  const allowed = option.type === "enum" ? (option.options ?? []) : undefined;
  if (allowed !== undefined && !allowed.includes(value))
    line.refuse(wrong.invalidValue(spec, written, value, allowed));
  line.given[name] = value;
  return attached === undefined ? 1 : 0;
}
