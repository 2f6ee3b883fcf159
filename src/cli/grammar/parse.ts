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

/** A command line that has been read, from left to right. */
export type CommandLine = {
  /** Undefined until the command is named. */
  readonly spec: CommandSpec | undefined;
  /** The first word of a command with two, such as `config`; also an unknown command that was tolerated. */
  readonly group: string;
  readonly given: GivenOptions;
  /** Arguments of the command before `--`. */
  readonly args: readonly string[];
  /** Everything after `--`; undefined without one. */
  readonly rest: readonly string[] | undefined;
  /** Whether a further argument would belong to another program. */
  readonly passesThrough: boolean;
  /** The option at the end of the line that still requires its value. */
  readonly awaiting: ArgDef | undefined;
  readonly help: boolean;
  /** `--all` beside `--help`. */
  readonly all: boolean;
};

/** A command line that is complete and valid. */
export type Parsed = {
  /** `ROOT` for plain `silo`. */
  readonly spec: CommandSpec;
  readonly given: GivenOptions;
  readonly args: readonly string[];
  readonly rest: readonly string[];
  /** What `--help` asks for: the command, its group, or everything. */
  readonly help: "command" | "group" | "all" | undefined;
  readonly group: string;
};

/**
 * Reads a command line strictly; arguments after `--` are not interpreted.
 * @throws UsageError for an unknown command, option or argument, and for a missing one.
 */
export function parseArgv(argv: readonly string[]): Parsed {
  const line = readLine(argv, (error) => {
    throw error;
  });
  if (line.help) return { ...complete(line), help: helpTopic(line) };
  if (line.all) throw wrong.unknownOption(line.spec ?? ROOT, "--all");
  if (line.spec === undefined && line.group !== "") throw wrong.missingSubcommand(line.group);
  const parsed = complete(line);
  if (parsed.args.length < parsed.spec.args.min) throw wrong.missingArguments(parsed.spec);
  return parsed;
}

function helpTopic({ all, spec, group }: CommandLine): Parsed["help"] {
  if (all) return "all";
  return spec === undefined && group !== "" ? "group" : "command";
}

function complete({ spec = ROOT, group, given, args, rest = [] }: CommandLine): Parsed {
  // Options before the command were read as those of a run.
  const foreign = Object.keys(given).find((name) => !(name in optionsOf(spec)));
  if (foreign !== undefined) throw wrong.unknownOption(spec, `--${foreign}`);
  if (spec.group !== "Tools" && rest.length > 0) throw wrong.argumentsAfterDashes(spec);
  return { spec, group, given, args, rest, help: undefined };
}

type Reading = { -readonly [K in keyof CommandLine]: CommandLine[K] } & {
  given: Record<string, string | true>;
  args: string[];
  /** Is called with each error; where it returns, the argument is skipped. */
  readonly refuse: (error: UsageError) => void;
};

/** Reads as much of a command line as makes sense. @param refuse is called with each error; by default none counts. */
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
    all: false,
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

/** Reads one option, or several of one letter. @returns how many further arguments it used. */
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
    // `--version` alone never comes here: main.ts answers it.
    if (spec === ROOT && (written === "--version" || written === "-V"))
      line.refuse(wrong.versionNotAlone(written));
    else if (written === "--all" && attached === undefined) line.all = true;
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
