import { ageText } from "../../core/text/age.ts";
import { SiloError, UsageError } from "../../errors.ts";
import { print } from "../../ui/print.ts";
import { canAsk, chooseSeveral, confirm } from "../../ui/prompts.ts";
import { waiting } from "../../ui/live.ts";
import { log } from "../../ui/log.ts";
import { columns } from "../../ui/table.ts";
import { allContainers, pick, type Found } from "../../run/instances.ts";
import type { Action } from "../grammar/command.ts";
import type { RM_OPTIONS } from "../grammar/options.ts";

/** `silo rm`: by name, all, or those that the user picks. A running one needs --force, as with docker. */
export const rm: Action<typeof RM_OPTIONS> = async ({ options, args }) => {
  const { all, force } = options;
  const picks = !all && args.length === 0;
  if ((all && args.length > 0) || (picks && !canAsk())) {
    throw new UsageError(all ? "--all takes no name" : "no container was named", {
      hint: "silo rm <name>...   # or --all",
    });
  }
  const found = await allContainers(options.backend);
  const named = () => [...new Set(args)].map((name) => pick(found, name));
  const wanted = all ? found : picks ? await pickSeveral(found) : named();
  await allowRunning(wanted, { force, ask: picks, all });
  for (const owner of new Set(wanted.map((container) => container.owner))) {
    const own = wanted.filter((container) => container.owner === owner);
    const names = own.map(({ name }) => name);
    const notes = await waiting(`removing ${names.join(" ")}`, owner.remove(own, force));
    for (const note of notes) log.warn(note);
    for (const name of names) print(name);
  }
  return 0;
};

async function pickSeveral(found: readonly Found[]): Promise<readonly Found[]> {
  if (found.length === 0) throw new SiloError("there is nothing to remove", { hint: "silo ls" });
  const rows = columns(
    found.map(({ name, tool, backend, status, created }) => [
      name,
      tool,
      backend,
      status,
      ageText(created, Date.now()),
    ]),
  );
  return await chooseSeveral(
    "Which of them should be removed?",
    found.map((value, i) => ({ value, label: rows[i] ?? value.name })),
    "silo rm <name>...   # or --all",
  );
}

/** @throws SiloError where something runs that may not be ended. */
async function allowRunning(
  wanted: readonly Found[],
  { force, ask, all }: { force: boolean; ask: boolean; all: boolean },
): Promise<void> {
  const running = wanted.filter((container) => container.running).map(({ name }) => name);
  if (running.length === 0 || force) return;
  const names = running.join(" ");
  const hint = `silo rm --force ${all ? "--all" : names}`;
  const what = running.length === 1 ? `${names} still runs` : `${names} still run`;
  if (ask && (await confirm(`${what}. End and remove?`, hint))) return;
  throw new SiloError(ask ? "nothing was removed" : `still running: ${names}`, { hint });
}
