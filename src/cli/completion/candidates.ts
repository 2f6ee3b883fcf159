import type { ArgsDef } from "citty";
import { flagsOf, type Node } from "../grammar/command.ts";
import { FILES } from "./scripts.ts";
import { COMMANDS } from "../grammar/commands.ts";

/** A word that the shell may offer, and what it means. */
export type Offer = { readonly word: string; readonly about: string };

/** What a command line says up to the word to complete. */
type Seen = {
  readonly node: Node | undefined;
  /** A first word of commands with two, such as `config`. */
  readonly group: string;
  /** Words of the command itself. */
  readonly words: readonly string[];
  readonly flags: readonly string[];
  /** Behind `--`, or where another program's words stand. */
  readonly foreign: boolean;
};

const plain = (words: readonly string[]): readonly Offer[] =>
  words.map((word) => ({ word, about: "" }));

/**
 * What fits the last of the words, which may be empty. Never fails: nonsense gets nothing offered.
 * @param containers the names that are known without asking anybody.
 */
export function complete(
  given: readonly string[],
  containers: readonly string[],
): readonly Offer[] | typeof FILES {
  const words = joined(given);
  const current = words.at(-1) ?? "";
  const seen = look(words.slice(0, -1));
  if (seen.foreign) return FILES;
  const offers = offersFor(seen, words.at(-2) ?? "", current, containers);
  if (offers === FILES) return FILES;
  const fitting = offers.filter(({ word }) => word.startsWith(current));
  // Bash splits `--backend=do` at the sign, and wants only what stands behind it.
  const split = given.at(-1) !== current;
  return split
    ? fitting.map(({ word }) => ({ word: word.replace(/^.*=/s, ""), about: "" }))
    : fitting;
}

function joined(given: readonly string[]): readonly string[] {
  const words: string[] = [];
  for (const [i, word] of given.entries()) {
    const afterSign = given[i - 1] === "=" && words.length > 0;
    if ((word === "=" && i > 0) || afterSign) words.push(`${words.pop() ?? ""}${word}`);
    else words.push(word);
  }
  return words;
}

function look(words: readonly string[]): Seen {
  let node: Node | undefined;
  let group = "";
  const own: string[] = [];
  const flags: string[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? "";
    const inside = node?.verbatimAfter !== undefined && own.length >= node.verbatimAfter;
    if (word === "--" || inside) return { node, group, words: own, flags, foreign: true };
    if (word.startsWith("-")) {
      flags.push(word.replace(/=.*$/s, ""));
      if (takesValue(node, word) && !word.includes("=")) i += 1;
    } else if (node !== undefined) own.push(word);
    else {
      const name = group === "" ? word : `${group} ${word}`;
      node = name === "" ? undefined : COMMANDS.get(name);
      if (node === undefined) group = name;
    }
  }
  const foreign = node?.verbatimAfter !== undefined && own.length >= node.verbatimAfter;
  return { node, group, words: own, flags, foreign };
}

const known = (node: Node | undefined): ArgsDef => {
  const command = node ?? COMMANDS.get("");
  return command === undefined ? {} : flagsOf(command);
};

function flagNamed(node: Node | undefined, written: string): ArgsDef[string] | undefined {
  return Object.entries(known(node)).find(
    ([name, flag]) =>
      written === `--${name}` || ("alias" in flag && written === `-${String(flag.alias)}`),
  )?.[1];
}

function takesValue(node: Node | undefined, written: string): boolean {
  const type = flagNamed(node, written.replace(/=.*$/s, ""))?.type;
  return type === "string" || type === "enum";
}

function offersFor(
  { node, group, words, flags }: Seen,
  before: string,
  current: string,
  containers: readonly string[],
): readonly Offer[] | typeof FILES {
  const [flag = "", value] = current.startsWith("--") ? current.split("=", 2) : [before];
  const asksValue = value !== undefined || (before.startsWith("-") && takesValue(node, before));
  if (asksValue && !(value === undefined && before.includes("="))) {
    const definition = flagNamed(node, flag);
    const options = definition?.type === "enum" ? (definition.options ?? []) : [];
    return plain(value === undefined ? options : options.map((option) => `${flag}=${option}`));
  }
  if (current.startsWith("-")) {
    return Object.entries(known(node))
      .map(([name, definition]) => ({ word: `--${name}`, about: definition.description ?? "" }))
      .filter(({ word }) => !flags.includes(word));
  }
  if (node !== undefined) return ofWords(node, words, containers);
  return commands(group);
}

function ofWords(
  { words: { max, offer } }: Node,
  given: readonly string[],
  containers: readonly string[],
): readonly Offer[] | typeof FILES {
  if (given.length >= max || offer === undefined) return [];
  if (offer === "files") return FILES;
  const all = offer === "containers" ? containers : offer;
  return plain(all.filter((word) => !given.includes(word)));
}

function commands(group: string): readonly Offer[] {
  const prefix = group === "" ? "" : `${group} `;
  const found = new Map<string, string>();
  for (const [name, node] of COMMANDS) {
    if (!name.startsWith(prefix) || name === "") continue;
    const [word = "", more] = name.slice(prefix.length).split(" ", 2);
    const { description = "" } = node.definition.meta as { description?: string };
    found.set(word, more === undefined ? description : `commands of ${word}`);
  }
  return [...found].map(([word, about]) => ({ word, about }));
}
