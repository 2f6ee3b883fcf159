import type { BackendName } from "../core/types.ts";

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
