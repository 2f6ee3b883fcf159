import { closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dlopen } from "bun:ffi";

const LIBRARY = process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6";
/** LOCK_EX | LOCK_NB of flock(2). */
const TRY_EXCLUSIVE = 6;

let taken: number | undefined;

/**
 * The number of this process among the test runs on this machine: the lowest that no other run holds. Everything that
 * a test makes has it in its path or label, so runs of several checkouts do not see each other; and since the numbers
 * are reused, so are the images of earlier runs. The kernel frees the number when the process ends, however it ends.
 */
export function slot(): number {
  if (taken !== undefined) return taken;
  const { flock } = dlopen(LIBRARY, { flock: { args: ["i32", "i32"], returns: "i32" } }).symbols;
  for (let number = 0; ; number += 1) {
    // Left open: the lock lasts as long as the descriptor.
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
