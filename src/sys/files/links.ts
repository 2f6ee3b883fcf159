import { readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { orUndefined, lstatOf, realPathOf } from "./peek.ts";

/**
 * The path with every link resolved, even if the path does not exist yet; undefined if a link is dangling.
 * Synchronous, because it is used for a few paths.
 */
export function resolveLinks(path: string): string | undefined {
  const missing: string[] = [];
  for (let top = path; ; top = dirname(top)) {
    const real = realPathOf(top);
    if (real !== undefined) return [real === "/" ? "" : real, ...missing].join("/") || "/";
    if (top === "/" || lstatOf(top)?.isSymbolicLink() === true) return undefined;
    missing.unshift(basename(top));
  }
}

/** Limit of links in a path, as in Linux (path_resolution(7)). */
const MOST_LINKS = 40;

/** Paths of the links that are followed to resolve a path, in that order. */
export function linksOn(path: string): readonly string[] {
  const found: string[] = [];
  let parts = path.split("/");
  let real = "";
  while (parts.length > 0 && found.length < MOST_LINKS) {
    const [part = "", ...rest] = parts;
    parts = rest;
    if (part === "..") real = real.slice(0, Math.max(0, real.lastIndexOf("/")));
    if (["", ".", ".."].includes(part)) continue;
    const at = `${real}/${part}`;
    const target =
      lstatOf(at)?.isSymbolicLink() === true ? orUndefined(() => readlinkSync(at)) : undefined;
    if (target === undefined) {
      real = at;
      continue;
    }
    found.push(at);
    parts = [...target.split("/"), ...rest];
    if (target.startsWith("/")) real = "";
  }
  return found;
}
