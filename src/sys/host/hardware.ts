import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

/** What this machine has: processors, and bytes of memory. */
export function machine(): { readonly cores: number; readonly memory: number } {
  return { cores: availableParallelism(), memory: totalmem() };
}

/** Where a container finds its own limit (control groups, version 2 and 1). */
const LIMITS = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** Bytes of memory that this process could have: the machine's, or less where silo itself runs in a container. */
export function memoryHere(): number {
  const file = LIMITS.find((path) => existsSync(path));
  // "max" is no number, and version 1 says as much as fits into 63 bits.
  const limit = file === undefined ? NaN : Number(readFileSync(file, "utf8"));
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
