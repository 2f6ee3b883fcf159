import { ageText } from "../../core/age.ts";
import { SiloError } from "../../errors.ts";
import type { ContainerInfo } from "../backend.ts";
import type { Here } from "./link.ts";
import { infoOf, isOwn, machines, type Machine } from "./machines.ts";
import { terminateSyncs } from "./mutagen.ts";
import { forget, knownMachines, readEnding, readRecord } from "./record.ts";

/** What silo made in the app. What this laptop still has of machines that are gone ends here. */
export async function list(
  here: Here,
  app: string,
): Promise<{ readonly all: readonly Machine[]; readonly infos: readonly ContainerInfo[] }> {
  // Known before it is asked: one that another silo starts meanwhile is not gone.
  const known = await knownMachines(here.state);
  const all = await machines(here.state, app);
  await forgetGone(here, app, known, all);
  const own = all.filter((machine) => isOwn(machine) && !machine.state.startsWith("destroy"));
  const infos = await Promise.all(
    own.map(async (machine) => {
      const ending = await readEnding(here.state, machine.id);
      const info = infoOf(machine, ageText(machine.created, Date.now()), ending?.held);
      // What only waits for the user to settle something may be removed without force.
      return ending === undefined ? info : { ...info, running: false };
    }),
  );
  return { all, infos };
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

/** The machine of that name that silo made. @throws SiloError where there is none. */
export function ownMachine(all: readonly Machine[], name: string): Machine {
  const found = all.find((machine) => machine.name === name && isOwn(machine));
  if (found === undefined)
    throw new SiloError(`silo has no machine "${name}"`, { hint: "silo ls" });
  return found;
}
