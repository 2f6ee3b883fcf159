import { backendFlag } from "../grammar/flags.ts";
import { allContainers } from "../../run/instances.ts";
import { print, say } from "../../ui/print.ts";
import type { Action } from "../grammar/command.ts";

/** `silo ls`: a table, names only, or data. */
export const ls: Action = async ({ flags, ask }) => {
  const found = await allContainers(backendFlag(flags), ask);
  if (flags["json"] === true) {
    const data = found.map(({ owner: _owner, ...info }) => info);
    print(JSON.stringify(data, undefined, 2));
  } else if (flags["quiet"] === true) {
    for (const { name } of found) print(name);
  } else if (found.length === 0) {
    say("nothing runs");
  } else {
    const { table } = await import("../../ui/table.ts");
    const rows = found.map(({ name, image, backend, status }) => [name, image, backend, status]);
    print(table(["NAME", "IMAGE", "BACKEND", "STATUS"], rows));
  }
  return 0;
};
