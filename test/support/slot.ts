import { closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dlopen } from "bun:ffi";

const LIBRARY = process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6";
/** LOCK_EX | LOCK_NB of flock(2). */
const TRY_EXCLUSIVE = 6;

let taken: number | undefined;

/**
 * The number of this test run on this machine: the lowest that no other run uses. It is part of every path and label, so
 * that runs of several checkouts do not see each other's objects. Numbers are reused, and with them the images of earlier
 * runs. The kernel releases the number when the process exits, even if it is killed.
 */
export function slot(): number {
  if (taken !== undefined) return taken;
  const { flock } = dlopen(LIBRARY, { flock: { args: ["i32", "i32"], returns: "i32" } }).symbols;
  for (let number = 0; ; number += 1) {
    // Not closed, because the lock lasts as long as the descriptor.
    const file = openLock(join(tmpdir(), `silo-test-${number}.lock`));
    if (file === undefined) continue;
    if (flock(file, TRY_EXCLUSIVE) === 0) return (taken = number);
    closeSync(file);
  }
}

/** Opens a lock file; undefined if it belongs to another user. */
function openLock(path: string): number | undefined {
  try {
    return openSync(path, "a");
  } catch {
    return undefined;
  }
}
