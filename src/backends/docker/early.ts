import { capture } from "../../sys/process.ts";
import type { EarlyAnswer } from "../backend.ts";

// All that it takes to ask the engine, and nothing more: the rest of silo is loaded while it answers.

/** The command where the configuration names none. */
export const DEFAULT_COMMAND = "docker";

/** Images have the other labels too, and hand them on to whatever is started from them by hand. */
const OURS = "label=silo.session";

/** So short a life needs neither a garbage collector nor threads (Go's runtime package): a tenth of the time. */
const SHORT_LIVED = { GOGC: "off", GOMAXPROCS: "1" };

/** Silo's containers as one JSON object a line, running or not. */
export const LIST = ["ps", "--all", "--no-trunc", "--filter", OURS, "--format", "{{json .}}"];

/** Starts a short question. */
export function start(command: string, args: readonly string[]) {
  return capture({ bin: command, args, env: SHORT_LIVED });
}

/** Asks for the list by the command that a configuration seldom changes. */
export function askEarly(): EarlyAnswer {
  const answer = start(DEFAULT_COMMAND, LIST);
  // Whether it is of any use is not known yet; who uses it gets the failure.
  answer.catch(() => {});
  return { question: "list", answer };
}
