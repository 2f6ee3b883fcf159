import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

/** Number of processors, and bytes of memory. */
export function machine(): { readonly cores: number; readonly memory: number } {
  return { cores: availableParallelism(), memory: totalmem() };
}

/** Files with the memory limit of a container (cgroups, version 2 and 1). */
const LIMITS = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** Bytes of memory available to this process: the machine's, or less if silo runs in a container. */
export function memoryHere(): number {
  const file = LIMITS.find((path) => existsSync(path));
  // No limit is "max" in version 2, and the largest 63-bit number in version 1.
  const limit = file === undefined ? NaN : Number(readFileSync(file, "utf8"));
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
