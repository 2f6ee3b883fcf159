import type { Inhabitant } from "../../core/seccomp/inhabitant.ts";

/** What a container may take of its machine, from the configuration. */
export type Limits = {
  readonly cpus: number | undefined;
  /** As `--memory` takes it; `none` for no limit, undefined for the default one. */
  readonly memory: string | undefined;
  readonly processes: number;
  /** Whether the engine keeps all output in a file of its own. */
  readonly log: boolean;
  readonly coreDumps: boolean;
};

/** How this engine is driven, from the configuration. */
export type DockerSettings = Limits & {
  /** `docker`, `podman`, or a path to either. */
  readonly command: string;
  /** The host's engine socket to share, and the group that may use it. */
  readonly socket: { readonly path: string; readonly gid: number } | undefined;
  /** Whether a closed terminal leaves tools running. */
  readonly keep: boolean;
  /** The engine's runtime; undefined for its default. */
  readonly runtime: string | undefined;
  /** The file of the seccomp profile (`seccomp.ts`). Docker's command reads and sends it; podman's engine reads it. */
  readonly seccomp: string;
  readonly inhabitant: Inhabitant;
};
