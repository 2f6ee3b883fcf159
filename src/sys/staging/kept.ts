import { mkdir, rename } from "node:fs/promises";
import type { Content } from "../../core/reconcile.ts";
import { putInPlace, type Names } from "./put-in-place.ts";
import { inodeOf, remove, replace, writeNew, type Reading } from "../files/stamped.ts";

/** One side of a staged file. */
export type Spot = {
  readonly path: string;
  /** Unique in its stage; part of file names. */
  readonly key: string;
  /** A free name on the file system of `path`, made of an id. */
  readonly aside: (id: string) => string;
  /** Where both changed the same, the displaced save stays, and the version that displaced it is saved beside. */
  readonly wins: boolean;
  /** Flushed to the disk before it is put in place. */
  readonly durable: boolean;
};

/** A file that a swap displaced, kept until nothing more is written to it. */
export type Kept = {
  readonly id: string;
  readonly spot: Spot;
  /** Its inode when it was read; empty where that is not known. */
  readonly inode: string;
  readonly sinceMs: number;
  /** What took its place; undefined where another process put it there. */
  readonly put: Content;
  /** What it held when the swap was decided, or when it was last merged. */
  was: Uint8Array;
  /** Its change stamp when it was last read and nothing was left to merge; else empty. */
  stamp: string;
  dueMs: number;
  /** What was last saved beside because of it: a retry does not save it again. */
  saved: Content;
};

/** Journal of a swap: what the displaced file is expected to hold. */
export const journalOf = (directory: string, id: string) => `${directory}/${id}.was`;

/** The new content before it is complete. */
export const freshOf = (spot: Spot, id: string) => `${spot.aside(id)}.new`;

/** Where a kept file is: beside the file that it was, or in the stage since `tuck`. */
export async function fileOf(directory: string, { id, spot }: Kept): Promise<string> {
  const own = `${directory}/${id}`;
  return (await inodeOf(own)) === "" ? spot.aside(id) : own;
}

/** Moves a kept file from beside the user's file to the stage, where both are on one file system. */
export async function tuck(directory: string, { id, spot }: Kept): Promise<void> {
  const own = `${directory}/${id}`;
  if (spot.aside(id) !== own) await rename(spot.aside(id), own).catch(() => {});
}

export async function forget(directory: string, kept: Kept): Promise<void> {
  await remove(await fileOf(directory, kept));
  await remove(journalOf(directory, kept.id));
}

/**
 * Replaces a file that is as it was read, and keeps what was replaced. The journal comes first, so that a later
 * process finds the kept file wherever this one is killed.
 * @returns the kept file; "placed" where there is none to keep, "moved" where nothing was written.
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
    // Also after an error: none comes once something is displaced.
    const waste = placed === "displaced" ? [names.fresh] : [names.fresh, names.aside, journal];
    for (const name of waste) await remove(name);
  }
  if (placed !== "displaced") return placed;
  const { inode } = expected;
  return { ...FOUND, id, spot, inode, was, put: content, sinceMs: Date.now() };
}

/** What is known of a file that another process kept. */
export const FOUND = {
  inode: "",
  sinceMs: 0,
  put: undefined as Content,
  stamp: "",
  dueMs: 0,
  saved: undefined as Content,
};
