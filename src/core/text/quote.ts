import type { Cmd } from "../../runtime/command.ts";

const PLAIN = /^[\w@%+=:,./-]+$/;

/** Quotes an argument for a POSIX shell. */
export function shellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command as it could be typed, one flag per line. Values of variables are left out, because they may be secrets. */
export function showCommand(cmd: Cmd): string {
  const names = Object.keys(cmd.env ?? {}).map((name) => `${name}=…`);
  const lines = [[...names, cmd.bin].join(" ")];
  for (const word of cmd.args.map(shellWord)) {
    if (word.startsWith("-")) lines.push(word);
    else lines[lines.length - 1] += ` ${word}`;
  }
  return lines.join(" \\\n  ");
}

/** Characters that a terminal interprets, hides or reorders: controls, formats, unusual spaces. */
const unseen = once(() => /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu);
const colours = once(() => new RegExp(String.raw`${ESCAPE}\[[0-9;]*m`, "g"));

export const ESCAPE = "\u001B";

/** Compiles a pattern on first use, because that takes as long as planning a run, and few texts need it. */
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

/** A value as JSON in which characters that a terminal interprets are escaped. */
export function jsonWord(value: unknown): string {
  return JSON.stringify(value).replaceAll(unseen(), escaped);
}

/** Whether a text has only printable ASCII, line breaks and tabs. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 126 || (code < 32 && code !== 10 && code !== 9)) return false;
  }
  return true;
}

/**
 * Untrusted text for a terminal: without colours, and with controls escaped as in JSON, so that JSON keeps its meaning.
 */
export function printable(text: string): string {
  if (isPlain(text)) return text;
  return text
    .replaceAll(colours(), "")
    .replaceAll(unseen(), (found) => (found === "\n" || found === "\t" ? found : escaped(found)));
}

/** The same on one line, so that untrusted text cannot imitate a line of silo's. */
export function printableLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]/g, escaped);
}

/**
 * Wraps a line to `width` columns. Continuations are indented, so that untrusted text cannot imitate several lines.
 */
export function folded(line: string, width: number): string {
  const indent = "      ";
  // Characters beyond ASCII may take two columns.
  const columns = /^[ -~]*$/.test(line) ? width : Math.floor(width / 2);
  const room = Math.max(10, columns - indent.length);
  const pieces = line.match(new RegExp(`.{1,${room}}`, "gsu")) ?? [line];
  return pieces.join(`\n${indent}`);
}
