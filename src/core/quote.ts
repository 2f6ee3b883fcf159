import type { Cmd } from "./types.ts";

const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as a POSIX shell reads it back unchanged. */
export function shellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command as it could be typed. Values of its environment are left out: they may be secret. */
export function showCommand(cmd: Cmd): string {
  const names = Object.keys(cmd.env ?? {}).map((name) => `${name}=…`);
  return [...names, ...[cmd.bin, ...cmd.args].map(shellWord)].join(" ");
}
