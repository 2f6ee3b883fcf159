import type { StderrPrefixes } from "../engine/stderr.ts";

/** Differences between docker and podman as data. */
export type Dialect = StderrPrefixes & {
  /** Subcommand that deletes containers in any state. */
  readonly remove: readonly string[];
  /** Arguments that keep the ids of an ordinary user in the container. */
  readonly userns: readonly string[];
  /** Whether `--ulimit` adds to the configured limits; podman's drops all limits of containers.conf. */
  readonly ulimits: boolean;
  /** Whether `--mount` can label the volume that it creates. */
  readonly volumeLabels: boolean;
  /** Whether the buildx plugin can be installed. */
  readonly buildx: boolean;
  /** Whether the command forwards signals to the container and then still returns the tool's exit code. */
  readonly forwardsSignals: boolean;
  /** The exit codes of a run that the engine itself refused. */
  readonly refused: readonly number[];
};

/** Docker; exit codes as in the docker run reference, "Exit status". */
const DOCKER: Dialect = {
  remove: ["rm", "--force"],
  userns: [],
  ulimits: true,
  volumeLabels: true,
  buildx: true,
  forwardsSignals: true,
  refused: [125],
  failure: ["docker: ", "Unable to find image"],
  noise: ["WARNING: "],
};

/**
 * Podman 4.3. By default `podman rm` waits ten seconds for a container. `podman run` exits with 126 if a port is in use,
 * and a rootless one exits with 0 after a signal.
 */
const PODMAN: Dialect = {
  remove: ["rm", "--force", "--time=0"],
  userns: ["--userns=keep-id"],
  ulimits: false,
  volumeLabels: false,
  buildx: false,
  forwardsSignals: false,
  refused: [125, 126],
  failure: ["Error: "],
  noise: ["Resource limits are not supported", 'time="'],
};

export function isPodman(command: string): boolean {
  return /(^|\/)podman$/.test(command);
}

/** Returns the dialect by the command's name, because a query would cost a process at every start. */
export function dialectOf({ command }: { readonly command: string }): Dialect {
  return isPodman(command) ? PODMAN : DOCKER;
}
