import type { Backend } from "../backends/backend.ts";
import type { BackendName, HostFacts, RunPlan } from "../core/types.ts";

/** The options of a run, by their names on the command line. */
export type RunOptions = {
  readonly backend: BackendName | undefined;
  readonly "force-build": boolean;
  readonly verbose: boolean;
  readonly "dry-run": boolean;
  readonly json: boolean;
  readonly name: string | undefined;
  readonly keep: boolean;
  readonly yes: boolean;
};

/** The input of a run, gathered by `prepare` before anything is changed or started. */
export type RunContext = {
  readonly backend: Backend;
  /** Whether the backend was auto-detected. */
  readonly detected: boolean;
  readonly plan: RunPlan;
  readonly options: RunOptions;
  readonly host: HostFacts;
  /** $XDG_STATE_HOME. */
  readonly state: string;
  /** $XDG_CACHE_HOME. */
  readonly cache: string;
};
