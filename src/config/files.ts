import { dirname } from "node:path";
import { xdgDirectories } from "../core/paths.ts";

/** Where configuration may stand, in load order: the global file, then from the root down to the working directory. */
export function candidates(
  cwd: string,
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const global = `${xdgDirectories(home, env).config}/silo/silo.jsonc`;
  const chain: string[] = [];
  for (let directory = cwd; ; directory = dirname(directory)) {
    chain.unshift(directory === "/" ? "/silo.jsonc" : `${directory}/silo.jsonc`);
    if (directory === "/") break;
  }
  return [...new Set([global, ...chain])];
}
