import type { BackendName } from "../core/types.ts";

/** The flags of a run as its code wants them. */
export type RunFlags = {
  readonly backend: BackendName | undefined;
  readonly forceBuild: boolean;
  readonly verbose: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly name: string | undefined;
  readonly keep: boolean;
  readonly yes: boolean;
};
