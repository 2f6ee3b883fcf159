import type { Cmd } from "../../runtime/command.ts";
import { LABEL } from "../engine/labels.ts";

// Loaded before the configuration is read, to prefetch the list.

/** The command where the configuration names none. */
export const DEFAULT_COMMAND = "docker";

/** Images have the other labels too, and pass them on to containers that users start from them. */
const OURS = `label=${LABEL.session}`;

/** So short a life needs neither a garbage collector nor threads (Go's runtime package): a tenth of the time. */
const SHORT_LIVED = { GOGC: "off", GOMAXPROCS: "1" };

/** Silo's containers as one JSON object a line, running or not. */
export const LIST = ["ps", "--all", "--no-trunc", "--filter", OURS, "--format", "{{json .}}"];

/** Every name in use on the engine. */
export const NAMES = ["ps", "--all", "--format", "{{.Names}}"];

/** A short query to the engine. */
export function query(command: string, args: readonly string[]): Cmd {
  return { bin: command, args, env: SHORT_LIVED };
}

/** The list, by the command that is used where the configuration names none. */
export const LIST_QUERY = query(DEFAULT_COMMAND, LIST);
