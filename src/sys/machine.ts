import { availableParallelism, totalmem } from "node:os";

/** What this machine has: processors, and bytes of memory. */
export function machine(): { readonly cores: number; readonly memory: number } {
  return { cores: availableParallelism(), memory: totalmem() };
}
