import { constants, readdirSync, readlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { directoriesBetween, within } from "../core/paths.ts";
import { digestOf, type ToolEntry, type ToolFile } from "./tool-files.ts";
import { SiloError } from "../errors.ts";
import { sha256 } from "../runtime/bun.ts";
import { readRegular } from "../sys/files/read.ts";
import { orUndefined, lstatOf, realPathOf } from "../sys/files/peek.ts";

/** Bounds of what is read for one approval: a hostile project must not keep silo busy. */
const MOST_FILES = 10_000;
const MOST_BYTES = 64 << 20;
const MAX_DEPTH = 32;
/** Larger settings are not searched for commands to show. */
const MOST_SHOWN = 64 << 10;

/** What has been found below one entry so far. */
type Walk = {
  readonly cwd: string;
  readonly files: ToolFile[];
  /** How many files, links and directories were looked at. */
  seen: number;
  bytes: number;
  /** Why no approval can hold; the walk ends where it is over a bound. */
  unsteady: string | undefined;
  full: boolean;
};

/**
 * Reads an entry of a tool's `projectFiles`. A link counts as its target text, and where that lies in the project also
 * as its content; no link is followed out of the project.
 */
export function readToolEntry(cwd: string, path: string): ToolEntry {
  const walk: Walk = { cwd, files: [], seen: 0, bytes: 0, unsteady: undefined, full: false };
  const parents = directoriesBetween(cwd, `${cwd}/${path}`).map((dir) => dir.slice(cwd.length + 1));
  const inside = parents.every((parent) => keepsInside(walk, parent));
  if (inside) visit(walk, path, `${cwd}/${path}`, []);
  return { path, files: walk.files, digest: digestOf(walk.files), unsteady: walk.unsteady };
}

/** Notes a directory above an entry that is a link. @returns whether it stays in the project. */
function keepsInside(walk: Walk, path: string): boolean {
  const isLink = lstatOf(`${walk.cwd}/${path}`)?.isSymbolicLink() === true;
  return !isLink || noteLink(walk, path, `${walk.cwd}/${path}`) !== undefined;
}

/** Notes a link. @returns the path that it leads to, where that exists in the project. */
function noteLink(walk: Walk, path: string, at: string): string | undefined {
  const target = orUndefined(() => readlinkSync(at)) ?? "";
  walk.files.push({ path, kind: "link", content: target });
  const real = realPathOf(at);
  if (within(walk.cwd, real ?? resolve(dirname(at), target))) return real;
  walk.unsteady ??= `${path} is a link that leads out of the project`;
  return undefined;
}

/** @param above the real directories that this one was reached by. */
function visit(walk: Walk, path: string, at: string, above: readonly string[]): void {
  walk.seen += 1;
  if (walk.full || overBounds(walk, above)) return;
  // The text that stands for a name which is no UTF-8 opens nothing here, but the tool can read the file.
  if (path.includes("\uFFFD")) {
    walk.files.push({ path, kind: "special", content: "" });
    walk.unsteady ??= "a name is not UTF-8";
    return;
  }
  const found = lstatOf(at);
  if (found === undefined) return;
  if (found.isSymbolicLink()) {
    const real = noteLink(walk, path, at);
    if (real !== undefined) visit(walk, path, real, [...above, real]);
  } else if (found.isDirectory()) {
    const real = realPathOf(at) ?? at;
    // A link to a directory above: its content is noted already.
    if (above.filter((other) => other === real).length > 1) return;
    const names = orUndefined(() => readdirSync(at));
    if (names === undefined) walk.files.push({ path, kind: "unreadable", content: "" });
    for (const name of names?.toSorted() ?? [])
      visit(walk, `${path}/${name}`, `${at}/${name}`, [...above, real]);
  } else if (found.isFile()) noteFile(walk, path, at);
  else {
    walk.files.push({ path, kind: "special", content: "" });
    walk.unsteady ??= `${path} is not a regular file`;
  }
}

function overBounds(walk: Walk, above: readonly string[]): boolean {
  const bound =
    walk.seen > MOST_FILES
      ? `more than ${MOST_FILES} files`
      : walk.bytes > MOST_BYTES
        ? `more than ${MOST_BYTES >> 20} MiB`
        : above.length > MAX_DEPTH
          ? `more than ${MAX_DEPTH} levels of directories`
          : undefined;
  if (bound === undefined) return false;
  walk.unsteady = `there are ${bound}`;
  walk.full = true;
  return true;
}

function noteFile(walk: Walk, path: string, at: string): void {
  try {
    const { bytes } = readRegular(at, MOST_BYTES, constants.O_NOFOLLOW);
    walk.bytes += bytes.length;
    const shows = bytes.length <= MOST_SHOWN && /\.(?:jsonc?|toml)$/.test(path);
    const text = shows ? { text: new TextDecoder().decode(bytes) } : {};
    walk.files.push({ path, kind: "file", content: sha256(bytes), size: bytes.length, ...text });
  } catch (error) {
    walk.files.push({ path, kind: "unreadable", content: "" });
    if (error instanceof SiloError) walk.unsteady ??= `${path} is too large or changes`;
  }
}
