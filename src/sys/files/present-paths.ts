import { lstatOf } from "./peek.ts";

/**
 * Filters paths relative to a directory: keeps those that exist or whose first part is a link. A few calls of lstat.
 */
export function presentPaths(cwd: string, paths: readonly string[]): readonly string[] {
  const tops = new Map<string, boolean | undefined>();
  return paths.filter((path) => {
    const slash = path.indexOf("/");
    const top = slash < 0 ? path : path.slice(0, slash);
    if (!tops.has(top)) tops.set(top, lstatOf(`${cwd}/${top}`)?.isSymbolicLink());
    const isLink = tops.get(top);
    if (isLink === undefined || isLink || top === path) return isLink !== undefined;
    return lstatOf(`${cwd}/${path}`) !== undefined;
  });
}
