import { basename, dirname } from "node:path";
import { lstatOf, realPathOf } from "./git-files.ts";

/**
 * The path with every link resolved, of one that does not exist yet too; undefined where a link leads nowhere.
 * Synchronous, since it is asked for a handful of paths.
 */
export function resolved(path: string): string | undefined {
  const missing: string[] = [];
  for (let top = path; ; top = dirname(top)) {
    const real = realPathOf(top);
    if (real !== undefined) return [real === "/" ? "" : real, ...missing].join("/") || "/";
    if (top === "/" || lstatOf(top)?.isSymbolicLink() === true) return undefined;
    missing.unshift(basename(top));
  }
}
