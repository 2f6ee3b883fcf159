import { lstatOf } from "./peek.ts";

/**
 * Those of the paths that exist below a directory, or lie behind a link; a few questions to the system, and nothing is
 * read.
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
