import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errorCode, errorText, SiloError } from "../../errors.ts";

const MIB = 1 << 20;
/** Size limit of silo's own files. */
const LARGEST = 4 * MIB;
/** Size limit of a silo.jsonc, which another user or a tool may have written. */
const LARGEST_SETTINGS = MIB;
/** Flags of open(2) with which a pipe does not wait for a writer, because a tool may have replaced the file by one. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The text of a file and its owner. */
export type OwnedText = { readonly text: string; readonly uid: number };

/**
 * Text of a file, or undefined if there is none. Synchronous, because for a few small files that
 * takes a tenth of the time of waking threads.
 * @throws SiloError if it cannot be read, is not a regular file or is larger than 4 MiB.
 */
export async function readText(path: string): Promise<string | undefined> {
  return readOwned(path, LARGEST)?.text;
}

/**
 * A silo.jsonc and its owner, or undefined if there is none. Never blocks.
 * @throws SiloError if it cannot be read, is not a regular file or is larger than 1 MiB.
 */
export async function readSettings(path: string): Promise<OwnedText | undefined> {
  return readOwned(path, LARGEST_SETTINGS);
}

function readOwned(path: string, largest: number): OwnedText | undefined {
  try {
    const { bytes, uid } = readRegular(path, largest);
    return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), uid };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error instanceof SiloError ? error : unreadable(path, errorText(error));
  }
}

/**
 * The content of a regular file and its owner. Never blocks.
 * @param flags of open(2), besides those for reading.
 * @throws SiloError if it is not a regular file or is larger than `largest`; otherwise the system's error.
 */
export function readRegular(
  path: string,
  largest: number,
  flags = 0,
): { readonly bytes: Uint8Array; readonly uid: number } {
  // eslint-disable-next-line no-bitwise -- flags of open(2)
  const file = openSync(path, FLAGS | flags);
  try {
    const found = fstatSync(file);
    if (found.isDirectory()) throw unreadable(path, "it is a directory");
    if (!found.isFile()) throw unreadable(path, "it is not a regular file");
    const bytes = found.size > largest ? undefined : bytesOf(file, found.size, largest);
    if (bytes === undefined) throw unreadable(path, `it is larger than ${largest / MIB} MiB`);
    return { bytes, uid: found.uid };
  } finally {
    closeSync(file);
  }
}

/** The content; undefined if it is larger than `most`. Reads past `size`, because files in /proc do not report theirs. */
function bytesOf(file: number, size: number, most: number): Uint8Array | undefined {
  let bytes = new Uint8Array(size + 1);
  let filled = 0;
  for (;;) {
    const count = readSync(file, bytes, filled, bytes.length - filled, null);
    filled += count;
    if (count === 0) return bytes.subarray(0, filled);
    if (filled > most) return undefined;
    if (filled < bytes.length) continue;
    const larger = new Uint8Array(Math.min(2 * filled + 4096, most + 1));
    larger.set(bytes);
    bytes = larger;
  }
}

function unreadable(path: string, why: string): SiloError {
  return new SiloError(`${path} cannot be read: ${why}`, { hint: `ls -ld ${path}` });
}
