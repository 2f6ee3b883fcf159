import type { ArgsDef } from "citty";
import { BACKENDS } from "../../core/types.ts";

// The options of every command, in the form of citty. A command's action gets them typed; see `OptionsOf`.

/** Options of a run; they are accepted before and after the name of the tool. */
export const RUN_OPTIONS = {
  backend: { type: "enum", options: [...BACKENDS], description: "backend that runs the tool" },
  "force-build": { type: "boolean", description: "rebuild the image without any cache" },
  verbose: { type: "boolean", alias: "v", description: "show the full build log" },
  "dry-run": { type: "boolean", description: "print the plan and the commands, run nothing" },
  json: { type: "boolean", description: "with --dry-run: print JSON" },
  name: { type: "string", valueHint: "NAME", description: "name of the container" },
  keep: { type: "boolean", description: "keep the tool running when the terminal closes" },
  yes: {
    type: "boolean",
    alias: "y",
    description: "skip the confirmation when mounting your home directory or sensitive paths",
  },
} as const satisfies ArgsDef;

export const NO_OPTIONS = {} as const satisfies ArgsDef;

export const BACKEND_OPTION = {
  backend: { ...RUN_OPTIONS.backend, description: "search only this backend" },
} as const satisfies ArgsDef;

export const JSON_OPTION = {
  json: { type: "boolean", description: "print JSON" },
} as const satisfies ArgsDef;

export const LS_OPTIONS = {
  ...BACKEND_OPTION,
  quiet: { type: "boolean", alias: "q", description: "print names only" },
  ...JSON_OPTION,
} as const satisfies ArgsDef;

export const RM_OPTIONS = {
  ...BACKEND_OPTION,
  all: { type: "boolean", description: "all silo containers" },
  force: {
    type: "boolean",
    alias: "f",
    description: "also running containers; files with sync conflicts are saved first",
  },
} as const satisfies ArgsDef;

export const RECONNECT_OPTIONS = {
  ...BACKEND_OPTION,
  verbose: { type: "boolean", alias: "v", description: "print each step" },
} as const satisfies ArgsDef;

export const PRUNE_OPTIONS = {
  ...BACKEND_OPTION,
  yes: { type: "boolean", alias: "y", description: "skip the confirmation" },
  "dry-run": { type: "boolean", description: "show what would be removed" },
} as const satisfies ArgsDef;

export const DOCTOR_OPTIONS = {
  backend: { ...RUN_OPTIONS.backend, description: "check as if this backend were configured" },
  ...JSON_OPTION,
} as const satisfies ArgsDef;

export const SCOPE_OPTIONS = {
  global: { type: "boolean", description: "your own file, for every project" },
  local: { type: "boolean", description: "the file of this directory" },
} as const satisfies ArgsDef;

export const PATHS_OPTIONS = {
  verbose: { type: "boolean", alias: "v", description: "also files that do not exist" },
} as const satisfies ArgsDef;

export const TRUST_OPTIONS = {
  list: { type: "boolean", description: "list what is approved" },
  json: { type: "boolean", description: "with --list: print JSON" },
  revoke: { type: "boolean", description: "revoke the approval" },
  yes: { type: "boolean", alias: "y", description: "approve without asking" },
} as const satisfies ArgsDef;
