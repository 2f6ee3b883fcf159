import { askEarly } from "../backends/docker/early.ts";
import type { Early } from "../backends/index.ts";
import type { Flags } from "./args.ts";

/**
 * `silo ls` as it is mostly typed, and what each asks for; a test holds them to the grammar, which is not loaded for
 * them. No pattern: to compile one takes longer than all the rest of this file.
 */
export const PLAIN: Readonly<Record<string, Flags>> = {
  ls: {},
  "ls -q": { quiet: true },
  "ls --quiet": { quiet: true },
  "ls --json": { json: true },
};

/** Lists what runs, the engines asked before anything else is loaded. @returns undefined for any other command line. */
export async function plainList(argv: readonly string[]): Promise<number | undefined> {
  const flags = PLAIN[argv.join(" ")];
  if (flags === undefined) return undefined;
  const early = process.platform === "darwin" ? await askAll() : askDocker();
  const { ls } = await import("./commands/ls.ts");
  return await ls({ flags, words: [], rest: [] }, early);
}

/** To look for other engines first takes longer than it saves where they are seldom there. */
const askDocker = (): Early => new Map([["docker", askEarly()]]);

async function askAll(): Promise<Early> {
  const [backends, { onPath }] = await Promise.all([
    import("../backends/index.ts"),
    import("../sys/on-path.ts"),
  ]);
  return await backends.askEarly("list", backends.present(onPath));
}
