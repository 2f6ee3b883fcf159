import type { Settings } from "./setting.ts";

/** Settings of every backend that can limit processors and memory. */
export const SIZE = {
  cpus: { type: "cpus", about: "Number of CPUs." },
  memory: { type: "memory", about: "Memory limit, such as 4g." },
} as const satisfies Settings;
