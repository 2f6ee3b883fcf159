import { askEarly } from "../backends/docker/early.ts";
import type { Early } from "../backends/index.ts";

/** `silo ls` as it is mostly typed. No pattern: to compile one takes longer than all the rest of this file. */
const PLAIN = ["ls", "ls -q", "ls --quiet", "ls --json"];

export const isPlainList = (argv: readonly string[]): boolean => PLAIN.includes(argv.join(" "));

/**
 * Asks Docker for what runs before anything else of silo is loaded, which then takes place beside the engine's work.
 * Where other engines may be there, they are looked for first (`dispatch.ts`): that takes longer on Linux than it saves.
 */
export function askForList(argv: readonly string[]): Early | undefined {
  return process.platform !== "darwin" && isPlainList(argv)
    ? new Map([["docker", askEarly()]])
    : undefined;
}
