import { ServiceNotRunning, type SiloError } from "../../errors.ts";
import type { RunOutcome } from "../backend.ts";
import { explain, missingProgram, type Rule } from "../engine/errors.ts";

/** The codes of ContainerizationError, as every failure of a command begins: `Error: exists: "…"` (apple/container 0.9 to 1.2). */
const CODES = [
  "notFound",
  "exists",
  "invalidArgument",
  "invalidState",
  "internalError",
  "interrupted",
  "timeout",
  "unsupported",
  "unknown",
] as const;

/** A tool's own `Error: …` is none of these. */
export const WORDS = {
  lastWords: [
    ...CODES.map((code) => `Error: ${code}: "`),
    "Error: Unknown option",
    "Error: Missing",
    "Error: Unexpected argument",
    "Error: The ",
  ],
  remarks: ["Warning: "],
};

/** Its failures exit with 1, wrong use with 64. */
export const REFUSED = [1, 64] as const;

const START = ["container", "system", "start"] as const;

const RULES: readonly Rule[] = [
  {
    text: /Unknown option|Unexpected argument/,
    message: "this container command is too old for silo, or too new",
    hint: "brew upgrade container silo",
  },
  {
    text: /no space left on device|disk is full/i,
    message: "the disk is full",
    hint: "container image prune   # or silo prune",
  },
  {
    text: /failed to find target executable|no such file or directory.*exec|executable.*not found/i,
    message: "the image does not hold the tool's program",
    hint: "silo <tool> --force-build",
  },
  {
    text: /path '.*' (does not exist|is not a directory)/i,
    message: "a mounted directory has gone meanwhile",
    hint: "silo <tool> --dry-run   # shows the mounts",
  },
];

/** What a failure of the `container` command means to the user. */
export function containerError(text: string, what: string): SiloError {
  if (/XPC connection error|system start/i.test(text))
    return new ServiceNotRunning("the container service is not started", START);
  return explain(RULES, text, what);
}

/** The error for a `container` command that is not installed. */
export function missingCli(): SiloError {
  return missingProgram("container", "brew install container && container system start");
}

/** What it says when it could not start a container: an outcome that silo mends, or nothing. */
export function mendable(ports: readonly number[]): (text: string) => RunOutcome | undefined {
  return (text) => {
    if (/exists: "container with id .* already exists/.test(text)) return { kind: "name-taken" };
    if (!/address already in use|port .* (is )?already/i.test(text)) return undefined;
    const named = ports.find((port) => new RegExp(`\\b${port}\\b`).test(text)) ?? ports[0];
    return named === undefined ? undefined : { kind: "port-taken", port: named };
  };
}
