import type { Words } from "../engine/stderr.ts";

/** What differs between the engines that understand the same commands, as data. */
export type Dialect = Words & {
  readonly remove: readonly string[];
  /** What makes the user's ids mean the same inside as outside, for a user who is not root. */
  readonly userns: readonly string[];
  /** Whether `--ulimit` adds to the engine's own limits; podman's forgets all of containers.conf for it. */
  readonly ulimits: boolean;
  /** Whether `--mount` can label the volume that it makes. */
  readonly volumeLabels: boolean;
  /** Whether a builder of its own may be beside the command. */
  readonly buildx: boolean;
  /** Whether its command hands signals on to the container, and then still tells the tool's exit code. */
  readonly handsOn: boolean;
  /** The exit codes of a run that the engine itself refused. */
  readonly refused: readonly number[];
};

/** docker run reference, "Exit status". */
const DOCKER: Dialect = {
  remove: ["rm", "--force"],
  userns: [],
  ulimits: true,
  volumeLabels: true,
  buildx: true,
  handsOn: true,
  refused: [125],
  lastWords: ["docker: ", "Unable to find image"],
  remarks: ["WARNING: "],
};

/**
 * Podman 4.3: its `rm` gives a container ten seconds unless told otherwise, a port that is taken is a
 * 126, and without root a signal to its command makes the exit code 0.
 */
const PODMAN: Dialect = {
  remove: ["rm", "--force", "--time=0"],
  userns: ["--userns=keep-id"],
  ulimits: false,
  volumeLabels: false,
  buildx: false,
  handsOn: false,
  refused: [125, 126],
  lastWords: ["Error: "],
  remarks: ["Resource limits are not supported", 'time="'],
};

export function isPodman(command: string): boolean {
  return /(^|\/)podman$/.test(command);
}

/** By the command's name, since asking it would cost every start a process. */
export function dialectOf({ command }: { readonly command: string }): Dialect {
  return isPodman(command) ? PODMAN : DOCKER;
}
