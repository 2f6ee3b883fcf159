import { exampleText } from "../../../config/example.ts";
import { displayPath } from "../../../core/paths.ts";
import { SiloError } from "../../../errors.ts";
import { readEnvironment } from "../../../sys/host/environment.ts";
import { createFile } from "../../../sys/files/write.ts";
import { log } from "../../../ui/log.ts";
import { choose } from "../../../ui/prompts.ts";
import type { Action } from "../../grammar/command.ts";
import type { SCOPE_OPTIONS } from "../../grammar/options.ts";
import { approveText } from "../../../trust/approve.ts";
import { fileOf, schemaAddress, scopeOf, type Scope } from "./scope.ts";

/** `silo config init`: writes an example file in which all settings are commented out. Never overwrites a file. */
export const init: Action<typeof SCOPE_OPTIONS> = async ({ options }) => {
  const here = readEnvironment();
  const label = (scope: Scope) => displayPath(fileOf(scope, here), here.home);
  const scope =
    scopeOf(options) ??
    (await choose<Scope>(
      "Which file?",
      [
        { value: "global", label: label("global"), hint: "every project" },
        { value: "local", label: label("local"), hint: "this directory" },
      ],
      "silo config init --global   # or --local",
    ));
  const path = fileOf(scope, here);
  const text = exampleText(await schemaAddress(here), scope);
  if (!(await createFile(path, text, scope === "global" ? 0o600 : 0o644))) {
    throw new SiloError(`${displayPath(path, here.home)} already exists`, {
      hint: `silo config edit --${scope}`,
    });
  }
  if (scope === "local") await approveText(path, text, here);
  await log.info(
    `wrote ${displayPath(path, here.home)}; edit it with: silo config edit --${scope}`,
  );
  return 0;
};
