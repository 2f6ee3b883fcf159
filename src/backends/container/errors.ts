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
    message: "the tool's program is missing from the image",
    hint: "silo <tool> --force-build",
  },
  {
    text: /path '.*' (does not exist|is not a directory)/i,
    message: "a mounted directory was removed while silo started",
    hint: "silo <tool> --dry-run   # shows the mounts",
  },
];

/** The error for a `container` command that failed. @param text its output. @param what the step. */
export function containerError(text: string, what: string): SiloError {
  if (/XPC connection error|system start/i.test(text))
    return new ServiceNotRunning("the container service is not running", START);
  return explain(RULES, text, what);
}

/** The error for a `container` command that is not installed. */
export function missingCli(): SiloError {
  return missingProgram("container", "brew install container && container system start");
}

/** Returns the outcome for a message about a container that did not start, if the caller can fix the cause. */
export function recoverable(ports: readonly number[]): (text: string) => RunOutcome | undefined {
  return (text) => {
    if (/exists: "container with id .* already exists/.test(text)) return { kind: "name-taken" };
    if (!/address already in use|port .* (is )?already/i.test(text)) return undefined;
    const named = ports.find((port) => new RegExp(`\\b${port}\\b`).test(text)) ?? ports[0];
    return named === undefined ? undefined : { kind: "port-taken", port: named };
  };
}
