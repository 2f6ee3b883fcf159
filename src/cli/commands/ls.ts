import { backendFlag } from "../args.ts";
import { allContainers } from "../backends.ts";
import { table } from "../../ui/table.ts";
import type { Action } from "../tree.ts";

/** `silo ls`: a table, names only, or data. */
export const ls: Action = async ({ flags }) => {
  const found = await allContainers(backendFlag(flags));
  if (flags["json"] === true) {
    const data = found.map(({ owner: _owner, ...info }) => info);
    process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
  } else if (flags["quiet"] === true) {
    for (const { name } of found) process.stdout.write(`${name}\n`);
  } else if (found.length === 0) {
    process.stderr.write("nothing runs\n");
  } else {
    const rows = found.map(({ name, image, backend, status }) => [name, image, backend, status]);
    process.stdout.write(`${table(["NAME", "IMAGE", "BACKEND", "STATUS"], rows)}\n`);
  }
  return 0;
};
