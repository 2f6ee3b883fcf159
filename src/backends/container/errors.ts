import { ServiceNotRunning, type SiloError } from "../../errors.ts";
import type { RunOutcome } from "../backend.ts";
import { explain, missingProgram, type Rule } from "../engine/errors.ts";

/** Error codes of ContainerizationError; every failure of a command begins with one: `Error: exists: "…"` (apple/container 0.9 to 1.2). */
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

/** Prefixes of the command's own messages; a tool's `Error: …` matches none of them. */
export const PREFIXES = {
  failure: [
    ...CODES.map((code) => `Error: ${code}: "`),
    "Error: Unknown option",
    "Error: Missing",
    "Error: Unexpected argument",
    "Error: The ",
  ],
  noise: ["Warning: "],
};

/** Exit codes of a refused run: 1 for a failure, 64 for wrong usage. */
export const REFUSED = [1, 64] as const;

const START = ["container", "system", "start"] as const;

const RULES: readonly Rule[] = [
  {
    text: /Unknown option|Unexpected argument/,
    message: "this version of container does not support what silo needs",
    hint: "brew upgrade container silo",
  },
  {
    text: /no space left on device|disk is full/i,
    message: "the disk is full",
    hint: "container image prune   # or silo prune",
  },
  {
    text: /failed to find target executable|no such file or directory.*exec|executable.*not found/i,
    message: (text) =>
      `${/target executable "?([^\s"]+)/.exec(text)?.[1] ?? "the tool's program"} not found in the image`,
    hint: "silo <tool> --force-build",
  },
  {
    text: /path '.*' (does not exist|is not a directory)/i,
    message: "a mounted directory was removed while silo started",
    hint: "silo <tool> --dry-run   # shows the mounts",
  },
];

/**
 * The error for a failed `container` command.
 * @param text its output.
 * @param what the step.
 * @param tool the tool of the run, if the command belongs to a run.
 */
export function containerError(text: string, what: string, tool?: string): SiloError {
  if (/XPC connection error|system start/i.test(text))
    return new ServiceNotRunning("the container service is not running", START);
  return explain(RULES, text, what, tool);
}

/** The error for a missing `container` command. */
export function missingCli(): SiloError {
  return missingProgram("container", "brew install container && container system start");
}

/** Parses the message of a failed start. @returns the outcome; undefined if the caller cannot fix the cause. */
export function recoverable(ports: readonly number[]): (text: string) => RunOutcome | undefined {
  return (text) => {
    if (/exists: "container with id .* already exists/.test(text)) return { kind: "name-taken" };
    if (!/address already in use|port .* (is )?already/i.test(text)) return undefined;
    const named = ports.find((port) => new RegExp(`\\b${port}\\b`).test(text)) ?? ports[0];
    return named === undefined ? undefined : { kind: "port-taken", port: named };
  };
}
