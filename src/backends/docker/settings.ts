import type { Inhabitant } from "../../core/seccomp/inhabitant.ts";

/** Resource limits of a container, from the configuration. */
export type Limits = {
  readonly cpus: number | undefined;
  /** The value of `--memory`; `none` for no limit, undefined for the default limit. */
  readonly memory: string | undefined;
  readonly processes: number;
  /** Whether the engine keeps a log of all output. */
  readonly log: boolean;
  readonly coreDumps: boolean;
};

/** Settings of the docker backend, from the configuration. */
export type DockerSettings = Limits & {
  /** `docker`, `podman`, or a path to either. */
  readonly command: string;
  /** The engine's socket on the host to mount, and its group. */
  readonly socket: { readonly path: string; readonly gid: number } | undefined;
  /** Whether tools keep running when their terminal hangs up. */
  readonly keep: boolean;
  /** The engine's runtime; undefined for its default. */
  readonly runtime: string | undefined;
  /** Path of the seccomp profile (`seccomp.ts`). It is read by docker's command, but by podman's engine. */
  readonly seccomp: string;
  readonly inhabitant: Inhabitant;
};
