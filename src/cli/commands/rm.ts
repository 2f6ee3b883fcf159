import { SiloError, UsageError } from "../../errors.ts";
import { backendFlag } from "../args.ts";
import { allContainers, pick } from "../backends.ts";
import { print } from "../../ui/print.ts";
import type { Action } from "../tree.ts";

/** `silo rm`: by name, or all. A running one needs --force, as with docker. */
export const rm: Action = async ({ flags, words }) => {
  const all = flags["all"] === true;
  if (all === words.length > 0) {
    throw new UsageError(all ? "--all takes no name" : "no container was named", {
      hint: "silo rm <name>…   # or --all",
    });
  }
  const found = await allContainers(backendFlag(flags));
  const wanted = all ? found : [...new Set(words)].map((name) => pick(found, name));
  const running = wanted.filter((container) => container.running);
  if (running.length > 0 && flags["force"] !== true) {
    const names = running.map(({ name }) => name).join(" ");
    throw new SiloError(`still running: ${names}`, {
      hint: `silo rm --force ${all ? "--all" : names}`,
    });
  }
  for (const owner of new Set(wanted.map((container) => container.owner))) {
    const names = wanted.filter((container) => container.owner === owner).map(({ name }) => name);
    await owner.remove(names);
    for (const name of names) print(name);
  }
  return 0;
};
