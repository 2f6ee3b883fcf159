import type { Cmd } from "../../runtime/command.ts";
import { LABEL } from "../engine/labels.ts";

// This module is loaded before the configuration is read, to prefetch the list.

/** The default of backends.docker.command. */
export const DEFAULT_COMMAND = "docker";

/** Filter for silo's containers, by the only label that images do not have, because containers inherit the labels of images. */
const OURS = `label=${LABEL.session}`;

/** Settings of Go's runtime without garbage collection and threads, which make a short query 10 % faster. */
const SHORT_LIVED = { GOGC: "off", GOMAXPROCS: "1" };

/** Lists silo's containers, running or not, as one JSON object per line. */
export const LIST = ["ps", "--all", "--no-trunc", "--filter", OURS, "--format", "{{json .}}"];

/** Lists every name in use on the engine. */
export const NAMES = ["ps", "--all", "--format", "{{.Names}}"];

/** A short query to the engine. */
export function query(command: string, args: readonly string[]): Cmd {
  return { bin: command, args, env: SHORT_LIVED };
}

/** The list query of the default command, for the prefetch. */
export const LIST_QUERY = query(DEFAULT_COMMAND, LIST);
