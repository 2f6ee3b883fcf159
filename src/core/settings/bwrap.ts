import type { Settings } from "./setting.ts";

export const BWRAP_SETTINGS = {
  memory: {
    type: "memory or none",
    about:
      "Memory limit, such as 4g, or none; three quarters of the machine's memory if not set and if it can be enforced.",
  },
  processes: {
    type: "count",
    about: "Limit of processes and threads; 4096 if not set.",
    least: 16,
  },
  tmp: {
    type: "memory",
    about: "Size of /tmp and of each other tmpfs, such as 2g.",
  },
} as const satisfies Settings;
