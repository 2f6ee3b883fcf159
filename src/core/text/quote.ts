import type { Cmd } from "../../runtime/command.ts";

const PLAIN = /^[\w@%+=:,./-]+$/;

/** Quotes an argument for a POSIX shell. */
export function shellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command as it could be typed, a flag a line. Values of its environment are left out: they may be secret. */
export function showCommand(cmd: Cmd): string {
  const names = Object.keys(cmd.env ?? {}).map((name) => `${name}=…`);
  const lines = [[...names, cmd.bin].join(" ")];
  for (const word of cmd.args.map(shellWord)) {
    if (word.startsWith("-")) lines.push(word);
    else lines[lines.length - 1] += ` ${word}`;
  }
  return lines.join(" \\\n  ");
}

/** What a terminal would obey, hide or turn around instead of showing it: controls, formats, odd spaces. */
const unseen = once(() => /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu);
const colours = once(() => new RegExp(String.raw`${ESCAPE}\[[0-9;]*m`, "g"));

export const ESCAPE = "\u001B";

/** To make such a pattern takes as long as silo takes to plan a run, and few texts need one. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function escaped(characters: string): string {
  return Array.from(
    { length: characters.length },
    (_, i) => String.raw`\u${characters.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** A value as JSON that shows every character it has: still JSON, and harmless on a terminal. */
export function jsonWord(value: unknown): string {
  return JSON.stringify(value).replaceAll(unseen(), escaped);
}

/** Whether a text is of ASCII letters and signs, line breaks and tabs alone. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 126 || (code < 32 && code !== 10 && code !== 9)) return false;
  }
  return true;
}

/**
 * Text for a terminal in which others may have had a say: without colours, and controls made visible. JSON stays
 * JSON with the same meaning, since controls are shown in its own way.
 */
export function printable(text: string): string {
  if (isPlain(text)) return text;
  return text
    .replaceAll(colours(), "")
    .replaceAll(unseen(), (found) => (found === "\n" || found === "\t" ? found : escaped(found)));
}

/** The same on one line, where a line break would look like a line of silo's. */
export function printableLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]/g, escaped);
}

/**
 * A line of at most `width` columns a piece; the further ones are set in, so that a stranger's line
 * cannot be made to look like several.
 */
export function folded(line: string, width: number): string {
  const indent = "      ";
  // Other scripts' characters may take two columns.
  const columns = /^[ -~]*$/.test(line) ? width : Math.floor(width / 2);
  const room = Math.max(10, columns - indent.length);
  const pieces = line.match(new RegExp(`.{1,${room}}`, "gsu")) ?? [line];
  return pieces.join(`\n${indent}`);
}
