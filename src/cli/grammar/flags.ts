import type { RunFlags } from "../../run/types.ts";
import type { ArgsDef } from "citty";
import { BACKENDS, type BackendName } from "../../core/types.ts";

/** Flags of a run; they may stand on either side of the tool's name. */
export const RUN_ARGS = {
  backend: { type: "enum", options: [...BACKENDS], description: "where the tool runs" },
  "force-build": { type: "boolean", description: "build the image again, without any cache" },
  verbose: { type: "boolean", alias: "v", description: "show the build's whole log" },
  "dry-run": {
    type: "boolean",
    description: "print the plan and the exact commands, start nothing",
  },
  json: { type: "boolean", description: "with --dry-run: as data" },
  name: { type: "string", valueHint: "NAME", description: "name of the container" },
  keep: { type: "boolean", description: "leave the tool running when the terminal is closed" },
  yes: {
    type: "boolean",
    alias: "y",
    description: "do not ask before all of a home directory is mounted",
  },
} as const satisfies ArgsDef;

export const BACKEND_ARG = { backend: RUN_ARGS.backend } as const satisfies ArgsDef;

/** Flags as the front door read them: true, or a value. */
export type Flags = Readonly<Record<string, string | true>>;

/** The backend that a flag names, checked by the front door. */
export function backendFlag(flags: Flags): BackendName | undefined {
  return BACKENDS.find((name) => name === flags["backend"]);
}

export function runFlags(flags: Flags): RunFlags {
  const name = flags["name"];
  return {
    backend: backendFlag(flags),
    forceBuild: flags["force-build"] === true,
    verbose: flags["verbose"] === true,
    dryRun: flags["dry-run"] === true,
    json: flags["json"] === true,
    name: typeof name === "string" ? name : undefined,
    keep: flags["keep"] === true,
    yes: flags["yes"] === true,
  };
}
