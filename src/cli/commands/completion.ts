import { suggestion } from "../../core/text/suggestion.ts";
import { UsageError } from "../../errors.ts";
import { print } from "../../ui/print.ts";
import type { Action } from "../grammar/command.ts";
import type { NO_OPTIONS } from "../grammar/options.ts";
import { SCRIPTS, SHELLS } from "../completion/scripts.ts";

/** `silo completion <shell>`. */
export const completion: Action<typeof NO_OPTIONS> = async ({ args: [wanted = ""] }) => {
  const shell = SHELLS.find((name) => name === wanted);
  if (shell === undefined) {
    throw new UsageError(`silo knows no shell "${wanted}"${suggestion(wanted, SHELLS)}`, {
      hint: `silo completion ${SHELLS.join("|")}`,
    });
  }
  print(SCRIPTS[shell].trimEnd());
  return 0;
};
