import { allContainers } from "../../run/instances.ts";
import { print, say } from "../../ui/print.ts";
import type { Action } from "../grammar/command.ts";
import type { LS_OPTIONS } from "../grammar/options.ts";

/** `silo ls`: a table, names only, or data. */
export const ls: Action<typeof LS_OPTIONS> = async ({ options, ask }) => {
  const found = await allContainers(options.backend, ask);
  if (options.json) {
    const data = found.map(({ owner: _owner, ...info }) => info);
    print(JSON.stringify(data, undefined, 2));
  } else if (options.quiet) {
    for (const { name } of found) print(name);
  } else if (found.length === 0) {
    say("nothing runs");
  } else {
    const { table } = await import("../../ui/table.ts");
    const rows = found.map(({ name, image, backend, status, details = [] }) => [
      name,
      image,
      backend,
      [status, ...details].join(", "),
    ]);
    print(table(["NAME", "IMAGE", "BACKEND", "STATUS"], rows));
  }
  return 0;
};
