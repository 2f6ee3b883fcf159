import type { ArgsDef } from "citty";
import { suggestion } from "../../core/text/suggestion.ts";
import { UsageError } from "../../errors.ts";
import { flagsOf, nameOf, type Input, type Node } from "./command.ts";
import { COMMANDS } from "./commands.ts";

/** What the command line asks for. */
export type Parsed = { readonly node: Node; readonly help: boolean } & Input;

/** Reads a command line strictly: every flag and word must be known, and what stands behind `--` is not looked at. */
export function parseArgv(typed: readonly string[]): Parsed {
  const argv = typed[0] === "help" ? [...typed.slice(1), "--help"] : typed;
  const state: State = { node: undefined, group: "", early: [], flags: {}, words: [], help: false };
  let i = 0;
  for (; i < argv.length; i += 1) {
    const word = argv[i] ?? "";
    const verbatim = state.node?.verbatimAfter;
    if (verbatim !== undefined && state.words.length >= verbatim) {
      const command = argv.slice(i);
      state.words.push(...(command[0] === "--" ? command.slice(1) : command));
      i = argv.length;
      break;
    }
    if (word === "--") break;
    if (word === "-h" || word === "--help") state.help = true;
    else if (word.startsWith("-") && word !== "-") i += takeFlag(state, word, argv[i + 1]);
    else takeWord(state, word);
  }
  return finish(state, argv.slice(i + 1));
}

type State = {
  node: Node | undefined;
  /** A first word of commands with two, such as `config`. */
  group: string;
  /** Flags before the command is known; only those of a run may stand there. */
  early: string[];
  readonly flags: Record<string, string | true>;
  readonly words: string[];
  help: boolean;
};

const TOP = () => [
  ...new Set(
    [...COMMANDS.keys()].map((name) => name.split(" ")[0] ?? "").filter((name) => name !== ""),
  ),
];

function takeWord(state: State, word: string): void {
  if (state.node !== undefined) {
    if (state.words.length >= state.node.words.max) throw extraWord(state.node, word);
    state.words.push(word);
    return;
  }
  const name = state.group === "" ? word : `${state.group} ${word}`;
  const node = word === "" ? undefined : COMMANDS.get(name);
  const inner = [...COMMANDS.keys()].filter((key) => key.startsWith(`${name} `));
  if (node !== undefined) state.node = node;
  else if (state.group === "" && inner.length > 0) state.group = word;
  else throw unknownCommand(state.group, word);
}

function unknownCommand(group: string, word: string): UsageError {
  const prefix = group === "" ? "" : `${group} `;
  const known =
    group === ""
      ? TOP()
      : [...COMMANDS.keys()]
          .filter((key) => key.startsWith(prefix))
          .map((key) => key.slice(prefix.length));
  const what = group === "" ? "command or tool" : `${group} command`;
  return new UsageError(`there is no ${what} "${word}"${suggestion(word, known)}`, {
    hint: `silo ${prefix}--help`,
  });
}

function extraWord(node: Node, word: string): UsageError {
  const name = nameOf(node);
  if (node.group !== "Run")
    return new UsageError(`silo ${name} takes no word "${word}"`, { hint: `silo ${name} --help` });
  return new UsageError(`"${word}" is no word of silo; words for the tool stand behind --`, {
    hint: `silo ${name} -- ${word}`,
  });
}

/** Takes one flag. @returns how many further words it used. */
function takeFlag(state: State, word: string, next: string | undefined): number {
  const node = state.node ?? COMMANDS.get("");
  if (node === undefined) return 0;
  const known = flagsOf(node);
  if (/^-[a-z]{2,}$/i.test(word)) {
    for (const letter of word.slice(1)) setFlag(state, known, `-${letter}`, undefined);
    return 0;
  }
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const value = equals < 0 ? undefined : word.slice(equals + 1);
  return setFlag(state, known, name, value, next);
}

function setFlag(
  state: State,
  known: ArgsDef,
  written: string,
  value: string | undefined,
  next?: string,
): number {
  const found = Object.entries(known).find(
    ([name, flag]) =>
      written === `--${name}` || ("alias" in flag && written === `-${String(flag.alias)}`),
  );
  const command = state.node === undefined ? "silo" : `silo ${nameOf(state.node)}`.trim();
  const help = `${command} --help`;
  // Alone it never comes here: main.ts answers it.
  if (state.node === undefined && (written === "--version" || written === "-V"))
    throw new UsageError(`${written} stands alone`, { hint: "silo version   # tells more" });
  if (found === undefined) {
    const names = Object.keys(known).map((name) => `--${name}`);
    const near = suggestion(written, names);
    const forTool = state.node?.group === "Run" && nameOf(state.node) !== "" && near === "";
    throw new UsageError(`${command} has no flag ${written}${near}`, {
      hint: forTool ? `${command} -- ${written}   # hands it to the tool` : help,
    });
  }
  const [name, definition] = found;
  if (name in state.flags) throw new UsageError(`${written} is given twice`, { hint: help });
  if (state.node === undefined) state.early.push(name);
  if (definition.type === "boolean") {
    if (value !== undefined) throw new UsageError(`${written} takes no value`, { hint: help });
    state.flags[name] = true;
    return 0;
  }
  const given = value ?? next;
  if (given === undefined || given === "" || (value === undefined && given.startsWith("-"))) {
    throw new UsageError(`${written} needs a value`, { hint: help });
  }
  const options = definition.type === "enum" ? (definition.options ?? []) : undefined;
  if (options !== undefined && !options.includes(given)) {
    throw new UsageError(
      `${written} is one of ${options.join(", ")}, not "${given}"${suggestion(given, options)}`,
      { hint: help },
    );
  }
  state.flags[name] = given;
  return value === undefined ? 1 : 0;
}

function finish(state: State, rest: readonly string[]): Parsed {
  if (state.node === undefined && state.group !== "" && !state.help) {
    throw new UsageError(`silo ${state.group} needs a further word`, {
      hint: `silo ${state.group} --help`,
    });
  }
  const node = state.node ?? COMMANDS.get(state.group) ?? COMMANDS.get("");
  if (node === undefined) throw new UsageError("there is no command");
  const known = flagsOf(node);
  const foreign = state.early.find((name) => !(name in known));
  if (foreign !== undefined) {
    throw new UsageError(`silo ${nameOf(node)} has no flag --${foreign}`, {
      hint: `silo ${nameOf(node)} --help`,
    });
  }
  if (!state.help && state.words.length < node.words.min) {
    throw new UsageError(`silo ${nameOf(node)} needs ${node.words.form}`, {
      hint: `silo ${nameOf(node)} --help`,
    });
  }
  if (node.group !== "Run" && rest.length > 0) {
    throw new UsageError(`silo ${nameOf(node)} takes nothing behind --`, {
      hint: `silo ${nameOf(node)} --help`,
    });
  }
  return { node, help: state.help, flags: state.flags, words: state.words, rest };
}
