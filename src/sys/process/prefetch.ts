import type { Cmd } from "../../runtime/command.ts";
import { capture, type Captured } from "./process.ts";

/** Runs a query to its end and returns what it printed. */
export type Ask = (cmd: Cmd) => Promise<Captured>;

/** Starts queries now. The returned function gives each result once, and runs any other command. */
export function prefetch(queries: readonly Cmd[]): Ask {
  const started = new Map(queries.map((query) => [keyOf(query), capture(query)]));
  // A failure is reported when the result is used.
  for (const result of started.values()) result.catch(() => {});
  return async (cmd) => {
    const key = keyOf(cmd);
    const result = started.get(key);
    started.delete(key);
    return await (result ?? capture(cmd));
  };
}

function keyOf({ bin, args }: Cmd): string {
  return JSON.stringify([bin, ...args]);
}
