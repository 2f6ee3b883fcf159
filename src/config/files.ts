import { dirname } from "node:path";
import { xdgDirectories } from "../core/paths.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The user's global file, which needs no approval. */
export function globalFile(home: string, env: Env): string {
  return `${xdgDirectories(home, env).config}/silo/silo.jsonc`;
}

/** The file of one directory. */
export function fileIn(directory: string): string {
  return directory === "/" ? "/silo.jsonc" : `${directory}/silo.jsonc`;
}

/** Paths of configuration files, in load order: the global file, then from the root down to the working directory. */
export function candidates(cwd: string, home: string, env: Env): readonly string[] {
  const chain: string[] = [];
  for (let directory = cwd; ; directory = dirname(directory)) {
    chain.unshift(fileIn(directory));
    if (directory === "/") break;
  }
  return [...new Set([globalFile(home, env), ...chain])];
}

/** Whether a text can set a backend, because it contains the word or a JSON escape. */
export const speaksOfBackends = (text: string) => /backend|\\u/.test(text);
