import { allInstances, statusText } from "../../run/instances.ts";
import { printStdout, printStderr } from "../../ui/print.ts";
import type { Action } from "../grammar/command.ts";
import type { LS_OPTIONS } from "../grammar/options.ts";

/** `silo ls`: prints a table, names only, or JSON. */
export const ls: Action<typeof LS_OPTIONS> = async ({ options, ask }) => {
  const found = await allInstances(options.backend, ask);
  if (options.json) {
    const data = found.map(({ owner: _owner, ...info }) => info);
    printStdout(JSON.stringify(data, undefined, 2));
  } else if (options.quiet) {
    for (const { name } of found) printStdout(name);
  } else if (found.length === 0) {
    printStderr("no silo containers");
  } else {
    const { table } = await import("../../ui/table.ts");
    const rows = found.map((instance) => [
      instance.name,
      instance.image,
      instance.backend,
      statusText(instance),
    ]);
    printStdout(table(["NAME", "IMAGE", "BACKEND", "STATUS"], rows));
  }
  return 0;
};
