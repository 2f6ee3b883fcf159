import type { Cmd } from "./types.ts";

const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as a POSIX shell reads it back unchanged. */
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
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;
const COLOURS = /\p{Cc}\[[0-9;]*m/gu;

function escaped(characters: string): string {
  return Array.from(
    { length: characters.length },
    (_, i) => String.raw`\u${characters.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** A value as JSON that shows every character it has: still JSON, and harmless on a terminal. */
export function jsonWord(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNSEEN, escaped);
}

/** Text for a terminal in which others may have had a say: without colours, and controls made visible. */
export function printable(text: string): string {
  return text
    .replaceAll(COLOURS, "")
    .replaceAll(UNSEEN, (found) => (found === "\n" || found === "\t" ? found : escaped(found)));
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
