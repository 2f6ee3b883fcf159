import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
  type Stats,
} from "node:fs";

// These functions never throw, block or read large files, because a tool can write anything into a repository. They
// are synchronous, because for a few small files that is ten times faster.

/** Size limit, far above real configurations. */
const LARGEST = 1 << 20;
/** Flags of open(2) with which a pipe does not wait for its writer. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Options of stat calls. No exceptions for missing paths, because most paths are missing and exceptions are slow. */
const QUIET = { throwIfNoEntry: false } as const;

/** The text of a regular file of at most 1 MiB; undefined for anything else. */
export function peekText(path: string): string | undefined {
  if (statOf(path)?.isFile() !== true) return undefined;
  return orUndefined(() => {
    const file = openSync(path, FLAGS);
    try {
      const found = fstatSync(file);
      if (!found.isFile() || found.size > LARGEST) return undefined;
      const bytes = new Uint8Array(found.size);
      return decode(bytes.subarray(0, readSync(file, bytes, 0, found.size, 0)));
    } finally {
      closeSync(file);
    }
  });
}

/** Decodes UTF-8; other bytes as Latin-1, the usual alternative, because git does not check the encoding. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}

/** The text of one of silo's own files or of /proc; undefined if it cannot be read. */
export function tryRead(path: string): string | undefined {
  return orUndefined(() => readFileSync(path, "utf8"));
}

/** The JSON of one of silo's own files, if it has that shape; a missing, partial or malformed file counts as none. */
export function readJson<T>(path: string, shape: (value: unknown) => value is T): T | undefined {
  const value: unknown = orUndefined(() => JSON.parse(readFileSync(path, "utf8")));
  return shape(value) ? value : undefined;
}

/** The names in a directory; empty if it cannot be read. */
export function namesIn(directory: string): readonly string[] {
  return orUndefined(() => readdirSync(directory)) ?? [];
}

/** The status of a path, links followed; undefined if there is none. */
export function statOf(path: string): Stats | undefined {
  return orUndefined(() => statSync(path, QUIET));
}

/** The status of a path, links not followed; undefined if there is none. */
export function lstatOf(path: string): Stats | undefined {
  return orUndefined(() => lstatSync(path, QUIET));
}

export function isDirectory(path: string): boolean {
  return statOf(path)?.isDirectory() === true;
}

/** The path with every link resolved; undefined if it does not exist. */
export function realPathOf(path: string): string | undefined {
  return orUndefined(() => realpathSync.native(path));
}

/** The result of a function; undefined if it throws. */
export function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** A path as written in a file of `directory`. Not normalised, because `..` may come after a link. */
export function pathFrom(directory: string, written: string): string {
  return written.startsWith("/") ? written : `${directory}/${written}`;
}
