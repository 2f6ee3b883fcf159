import text from "../../../THIRD-PARTY-LICENSES.txt" with { type: "text" };
import { printStdout } from "../../ui/print.ts";
import type { Action } from "../grammar/command.ts";
import type { NO_OPTIONS } from "../grammar/options.ts";

/** `silo licenses`: prints the embedded licenses. */
export const licenses: Action<typeof NO_OPTIONS> = async () => {
  printStdout(text.trimEnd());
  return 0;
};
