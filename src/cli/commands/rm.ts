import { ageText } from "../../core/text/age.ts";
import { SiloError, UsageError } from "../../errors.ts";
import { printStdout } from "../../ui/print.ts";
import { canAsk, chooseSeveral, confirm } from "../../ui/prompts.ts";
import { waiting } from "../../ui/live.ts";
import { log } from "../../ui/log.ts";
import { columns } from "../../ui/table.ts";
import { allInstances, findInstance, type OwnedInstance, statusText } from "../../run/instances.ts";
import type { Action } from "../grammar/command.ts";
import type { RM_OPTIONS } from "../grammar/options.ts";

/** `silo rm`: removes containers: named ones, all, or those picked from a list. As in docker, running ones need --force. */
export const rm: Action<typeof RM_OPTIONS> = async ({ options, args }) => {
  const { all, force } = options;
  const picks = !all && args.length === 0;
  if ((all && args.length > 0) || (picks && !canAsk())) {
    if (all)
      throw new UsageError("--all and container names cannot be used together", {
        hint: "silo rm --all",
      });
    throw new UsageError("silo rm requires a container name or --all", {
      hint: "silo ls   # lists the names",
    });
  }
  const found = await allInstances(options.backend);
  const named = () => [...new Set(args)].map((name) => findInstance(found, name));
  const wanted = all ? found : picks ? await pickSeveral(found) : named();
  await allowRunning(wanted, { force, ask: picks, all });
  for (const owner of new Set(wanted.map((container) => container.owner))) {
    const own = wanted.filter((container) => container.owner === owner);
    const names = own.map(({ name }) => name);
    const notes = await waiting(`removing ${names.join(" ")}`, owner.remove(own, force));
    await log.warn(...notes);
    for (const name of names) printStdout(name);
  }
  return 0;
};

async function pickSeveral(found: readonly OwnedInstance[]): Promise<readonly OwnedInstance[]> {
  if (found.length === 0) throw new SiloError("no silo containers to remove", { hint: "silo ls" });
  const rows = columns(
    found.map((instance) => [
      instance.name,
      instance.tool,
      instance.backend,
      statusText(instance),
      ageText(instance.created, Date.now()),
    ]),
  );
  return await chooseSeveral(
    "Containers to remove:",
    found.map((value, i) => ({ value, label: rows[i] ?? value.name })),
    "silo rm <name>...   # or --all",
  );
}

/** Asks before running containers are stopped. @throws SiloError if one is running and neither --force nor the user allows it. */
async function allowRunning(
  wanted: readonly OwnedInstance[],
  { force, ask, all }: { force: boolean; ask: boolean; all: boolean },
): Promise<void> {
  const running = wanted.filter((container) => container.running).map(({ name }) => name);
  if (running.length === 0 || force) return;
  const names = running.join(" ");
  const hint = `silo rm --force ${all ? "--all" : names}`;
  const [is, them] = running.length === 1 ? ["is", "it"] : ["are", "them"];
  const what = `${names} ${is} running`;
  if (ask && (await confirm(`${what}. Stop and remove ${them}?`, hint))) return;
  throw new SiloError(ask ? "nothing was removed" : what, { hint });
}
