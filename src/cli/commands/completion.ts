import { suggestion } from "../../core/text/suggestion.ts";
import { UsageError } from "../../errors.ts";
import { printStdout } from "../../ui/print.ts";
import type { Action } from "../grammar/command.ts";
import type { NO_OPTIONS } from "../grammar/options.ts";
import { SCRIPTS, SHELLS } from "../completion/scripts.ts";

/** `silo completion`: prints the completion script of a shell. */
export const completion: Action<typeof NO_OPTIONS> = async ({ args: [wanted = ""] }) => {
  const shell = SHELLS.find((name) => name === wanted);
  if (shell === undefined) {
    throw new UsageError(
      `unsupported shell "${wanted}" (bash, zsh or fish)${suggestion(wanted, SHELLS)}`,
      { hint: "silo completion --help" },
    );
  }
  printStdout(SCRIPTS[shell].trimEnd());
  return 0;
};
