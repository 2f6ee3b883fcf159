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

/** Everything that a run needs. It is gathered by `prepare` before anything is changed or started. */
export type RunContext = {
  readonly backend: Backend;
  /** Whether the backend was detected, because neither an option nor the configuration names one. */
  readonly detected: boolean;
  readonly plan: RunPlan;
  readonly options: RunOptions;
  readonly host: HostFacts;
  /** $XDG_STATE_HOME. */
  readonly state: string;
  /** $XDG_CACHE_HOME. */
  readonly cache: string;
  /** What the backend adds to the companions of every run; opened after them. */
  readonly companions?: readonly Companion[];
};

/** Something that lives beside a run and ends with it: a lock, staged files, a proxy. */
export type Companion = {
  /** Names it in the warning that its end has failed. */
  readonly name: string;
  /**
   * Opens it before the tool starts. @param session is the id of the run's session.
   * @returns what closes it after the tool has ended, or undefined if there is nothing to close.
   * @throws SiloError where the tool must not start without it.
   */
  readonly open: (session: string) => Promise<AsyncDisposable | undefined>;
};
