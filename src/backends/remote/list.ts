import { ageText } from "../../core/text/age.ts";
import type { Instance } from "../backend.ts";
import type { Here } from "./link/link.ts";
import { infoOf, isOwn, machines, type Machine } from "../fly/machines.ts";
import { terminateSyncs } from "./sync/mutagen.ts";
import { forget, knownMachines, readEnding, readRecord } from "./record.ts";

/** What silo made in the app. What this laptop still has of machines that are gone ends here. */
export async function list(
  here: Here,
  app: string,
): Promise<readonly { readonly machine: Machine; readonly instance: Instance }[]> {
  // Known before it is asked: one that another silo starts meanwhile is not gone.
  const known = await knownMachines(here.state);
  const all = await machines(here.state, app);
  await forgetGone(here, app, known, all);
  const own = all.filter((machine) => isOwn(machine) && !machine.state.startsWith("destroy"));
  return await Promise.all(
    own.map(async (machine) => {
      const ending = await readEnding(here.state, machine.id);
      const info = infoOf(machine, ageText(machine.created, Date.now()), ending?.held);
      // What only waits for the user to settle something may be removed without force.
      return { machine, instance: ending === undefined ? info : { ...info, running: false } };
    }),
  );
}

async function forgetGone(
  here: Here,
  app: string,
  known: readonly string[],
  all: readonly Machine[],
): Promise<void> {
  for (const id of known) {
    const there = all.some((machine) => machine.id === id && machine.state !== "destroyed");
    const record = there ? undefined : await readRecord(here.state, id);
    if (record?.app !== app) continue;
    await terminateSyncs(here, id).catch(() => {});
    await forget(here.state, id);
  }
}
