import type { Cmd } from "../../runtime/command.ts";
import { LABEL } from "../engine/labels.ts";

// Loaded before the configuration is read, to prefetch the list.

/** The default of backends.docker.command. */
export const DEFAULT_COMMAND = "docker";

/** Filter for silo's containers. Images have the other labels too, and containers that users start from them inherit those. */
const OURS = `label=${LABEL.session}`;

/** Settings of Go's runtime without garbage collector and threads: a short query gets a tenth faster. */
const SHORT_LIVED = { GOGC: "off", GOMAXPROCS: "1" };

/** Silo's containers as one JSON object a line, running or not. */
export const LIST = ["ps", "--all", "--no-trunc", "--filter", OURS, "--format", "{{json .}}"];

/** Every name in use on the engine. */
export const NAMES = ["ps", "--all", "--format", "{{.Names}}"];

/** A short query to the engine. */
export function query(command: string, args: readonly string[]): Cmd {
  return { bin: command, args, env: SHORT_LIVED };
}

/** The list query of the default command, for the prefetch. */
export const LIST_QUERY = query(DEFAULT_COMMAND, LIST);
