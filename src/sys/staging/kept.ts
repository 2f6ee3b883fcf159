import { mkdir, rename } from "node:fs/promises";
import type { Content } from "../../core/reconcile.ts";
import { putInPlace, type Names } from "./put-in-place.ts";
import { inodeOf, remove, replace, writeNew, type Reading } from "../files/stamped.ts";

/** One side of a staged file. */
export type Spot = {
  readonly path: string;
  /** Unique in its stage; part of file names. */
  readonly key: string;
  /** An unused path for an id, on the file system of `path`. */
  readonly aside: (id: string) => string;
  /** In a conflict the displaced version stays, and the version that displaced it is saved in a conflict file. */
  readonly wins: boolean;
  /** Whether a new file is flushed to disk before it is put in place. */
  readonly durable: boolean;
};

/** A file that a swap displaced, kept until no writer has it open any more. */
export type Kept = {
  readonly id: string;
  readonly spot: Spot;
  /** Its inode when it was read; empty if unknown. */
  readonly inode: string;
  readonly sinceMs: number;
  /** The content that replaced it; undefined if another process replaced it. */
  readonly put: Content;
  /** Its content before the swap, or when it was last merged. */
  was: Uint8Array;
  /** Its change stamp when it was last read with nothing to merge; otherwise empty. */
  stamp: string;
  dueMs: number;
  /** The version last saved in a conflict file, so that a retry does not save it again. */
  saved: Content;
};

/** Path of a swap's journal, which has the expected content of the displaced file. */
export const journalOf = (directory: string, id: string) => `${directory}/${id}.was`;

/** Path of the new file until it is complete. */
export const freshOf = (spot: Spot, id: string) => `${spot.aside(id)}.new`;

/** Path of a kept file: next to the file that it was, or in the stage after `tuck`. */
export async function fileOf(directory: string, { id, spot }: Kept): Promise<string> {
  const own = `${directory}/${id}`;
  return (await inodeOf(own)) === "" ? spot.aside(id) : own;
}

/** Moves a kept file into the stage, if that is on the same file system. */
export async function tuck(directory: string, { id, spot }: Kept): Promise<void> {
  const own = `${directory}/${id}`;
  if (spot.aside(id) !== own) await rename(spot.aside(id), own).catch(() => {});
}

export async function forget(directory: string, kept: Kept): Promise<void> {
  await remove(await fileOf(directory, kept));
  await remove(journalOf(directory, kept.id));
}

/**
 * Replaces a file if it is as it was read, and keeps the replaced one. The journal is written first, so that a later
 * process finds the kept file whenever this one is killed.
 * @returns the kept file; "placed" if there is none to keep, "moved" if nothing was written.
 */
export async function replaceKept(
  directory: string,
  spot: Spot,
  content: Uint8Array,
  expected: Reading,
): Promise<Kept | "placed" | "moved"> {
  const id = `${spot.key}.${crypto.randomUUID()}`;
  const names: Names = { path: spot.path, fresh: freshOf(spot, id), aside: spot.aside(id) };
  const journal = journalOf(directory, id);
  const was = expected.content ?? new Uint8Array();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replace(journal, was);
  let placed;
  try {
    await writeNew(names.fresh, content, expected.access, spot.durable);
    placed = await putInPlace(names, expected);
  } finally {
    // Also after an error, because no error can occur once the file is displaced.
    const waste = placed === "displaced" ? [names.fresh] : [names.fresh, names.aside, journal];
    for (const name of waste) await remove(name);
  }
  if (placed !== "displaced") return placed;
  const { inode } = expected;
  return { ...FOUND, id, spot, inode, was, put: content, sinceMs: Date.now() };
}

/** Initial values for a file that another process kept. */
export const FOUND = {
  inode: "",
  sinceMs: 0,
  put: undefined as Content,
  stamp: "",
  dueMs: 0,
  saved: undefined as Content,
};
