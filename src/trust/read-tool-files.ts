import { constants, readdirSync, readlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { directoriesBetween, within } from "../core/paths.ts";
import { digestOf, type ToolEntry, type ToolFile } from "./tool-files.ts";
import { SiloError } from "../errors.ts";
import { sha256 } from "../runtime/bun.ts";
import { readRegular } from "../sys/files/read.ts";
import { orUndefined, lstatOf, realPathOf } from "../sys/files/peek.ts";

/** Limits of one approval, because a hostile project must not keep silo busy (DoS). */
const MOST_FILES = 10_000;
const MOST_BYTES = 64 << 20;
const MAX_DEPTH = 32;
/** Size limit of settings files that are searched for commands to show. */
const MOST_SHOWN = 64 << 10;

/** State of the walk through one entry. */
type Walk = {
  readonly cwd: string;
  readonly files: ToolFile[];
  /** Number of files, links and directories visited. */
  seen: number;
  bytes: number;
  /** Why the entry cannot be approved for later starts; undefined if it can. */
  unsteady: string | undefined;
  full: boolean;
};

/**
 * Reads an entry of a tool's `projectFiles`. A link counts as its target text, and if that is in the project, also as
 * the target's content; no link is followed out of the project.
 */
export function readToolEntry(cwd: string, path: string): ToolEntry {
  const walk: Walk = { cwd, files: [], seen: 0, bytes: 0, unsteady: undefined, full: false };
  const parents = directoriesBetween(cwd, `${cwd}/${path}`).map((dir) => dir.slice(cwd.length + 1));
  const inside = parents.every((parent) => keepsInside(walk, parent));
  if (inside) visit(walk, path, `${cwd}/${path}`, []);
  return { path, files: walk.files, digest: digestOf(walk.files), unsteady: walk.unsteady };
}

/** Adds a directory above an entry if it is a link. @returns whether it stays in the project. */
function keepsInside(walk: Walk, path: string): boolean {
  const isLink = lstatOf(`${walk.cwd}/${path}`)?.isSymbolicLink() === true;
  return !isLink || noteLink(walk, path, `${walk.cwd}/${path}`) !== undefined;
}

/** Adds a link. @returns its real target; undefined if that is missing or outside the project. */
function noteLink(walk: Walk, path: string, at: string): string | undefined {
  const target = orUndefined(() => readlinkSync(at)) ?? "";
  walk.files.push({ path, kind: "link", content: target });
  const real = realPathOf(at);
  if (within(walk.cwd, real ?? resolve(dirname(at), target))) return real;
  walk.unsteady ??= `${path} is a link that leads out of the project`;
  return undefined;
}

/** Adds a path and everything below it. @param above the real directories through which it was reached. */
function visit(walk: Walk, path: string, at: string, above: readonly string[]): void {
  walk.seen += 1;
  if (walk.full || overBounds(walk, above)) return;
  // A name that is not UTF-8 cannot be opened from here, but the tool can read the file.
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
    // Reached again through a link to a directory above, whose content is already added.
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
