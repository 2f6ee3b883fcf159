import type { ArgDef } from "citty";
import { descriptionOf, findOption, optionsOf, type CommandSpec } from "../grammar/command.ts";
import { commandsBelow, GROUPS, ROOT } from "../grammar/commands.ts";
import { readLine, type CommandLine } from "../grammar/parse.ts";
import { FILES } from "./scripts.ts";

/** A completion candidate with its description. */
export type Candidate = { readonly word: string; readonly about: string };

const plain = (words: readonly string[]): readonly Candidate[] =>
  words.map((word) => ({ word, about: "" }));

/**
 * Completes the last word, which may be empty. Never throws; an invalid command line gets no candidates.
 * @param containers names from the session files; no engine is queried.
 */
export function complete(
  typed: readonly string[],
  containers: readonly string[],
): readonly Candidate[] | typeof FILES {
  const words = joined(typed);
  const current = words.at(-1) ?? "";
  const line = readLine(words.slice(0, -1));
  if (line.passesThrough) return FILES;
  const candidates = candidatesFor(line, current, containers);
  if (candidates === FILES) return FILES;
  const fitting = candidates.filter(({ word }) => word.startsWith(current));
  // Bash splits `--backend=do` at the equals sign and completes only the part after it.
  return typed.at(-1) === current
    ? fitting
    : fitting.map(({ word }) => ({ word: word.replace(/^.*=/s, ""), about: "" }));
}

/** Joins `--option`, `=` and the value, which bash passes as three words. */
function joined(typed: readonly string[]): readonly string[] {
  const words: string[] = [];
  for (const [i, word] of typed.entries()) {
    const afterSign = typed[i - 1] === "=" && words.length > 0;
    if ((word === "=" && i > 0) || afterSign) words.push(`${words.pop() ?? ""}${word}`);
    else words.push(word);
  }
  return words;
}

const valuesOf = (option: ArgDef | undefined): readonly string[] =>
  option?.type === "enum" ? (option.options ?? []) : [];

function candidatesFor(
  { spec, group, given, args, awaiting }: CommandLine,
  current: string,
  containers: readonly string[],
): readonly Candidate[] | typeof FILES {
  if (awaiting !== undefined) return plain(valuesOf(awaiting));
  const options = optionsOf(spec ?? ROOT);
  const [written = "", value] = current.startsWith("--") ? current.split("=", 2) : [];
  if (value !== undefined) {
    const [, option] = findOption(options, written) ?? [];
    return plain(valuesOf(option).map((allowed) => `${written}=${allowed}`));
  }
  if (current.startsWith("-")) {
    return Object.entries(options)
      .filter(([name]) => !(name in given))
      .map(([name, { description = "" }]) => ({ word: `--${name}`, about: description }));
  }
  return spec === undefined ? commandWords(group) : argumentsOf(spec, args, containers);
}

function argumentsOf(
  { args: { max, offer } }: CommandSpec,
  given: readonly string[],
  containers: readonly string[],
): readonly Candidate[] | typeof FILES {
  if (given.length >= max || offer === undefined) return [];
  if (offer === "files") return FILES;
  const all = offer === "containers" ? containers : offer;
  return plain(all.filter((word) => !given.includes(word)));
}

function commandWords(group: string): readonly Candidate[] {
  const commands = [...commandsBelow(group)].map(
    ([word, spec]) => [word, descriptionOf(spec)] as const,
  );
  const groups = group === "" ? [...GROUPS] : [];
  return [...commands, ...groups].map(([word, about]) => ({ word, about }));
}
