import { ageText } from "../../core/text/age.ts";
import type { Instance } from "../backend.ts";
import type { Machine, Provider, Remote } from "./provider.ts";
import { forget, knownMachines, readEnding, readRecord } from "./record.ts";
import { terminateSyncs } from "./sync/mutagen.ts";

/** An instance with its machine, for `exec`, `reconnect` and `remove`. */
export type Listed = { readonly machine: Machine; readonly instance: Instance };

/** Lists silo's machines in the provider's scope, and cleans up the local state of destroyed machines. */
export async function list(remote: Remote): Promise<readonly Listed[]> {
  // Read before the query, so that a machine that another silo process starts meanwhile is not taken for destroyed.
  const known = await knownMachines(remote);
  const all = await remote.provider.machines();
  await forgetDestroyed(remote, known, all);
  const listed = all.map(async (machine): Promise<Listed | undefined> => {
    const { labels, phase } = machine;
    if (labels === undefined || phase.startsWith("destroy")) return undefined;
    const ending = await readEnding(remote, machine.id);
    const instance = instanceOf(remote.provider, machine, labels, ending?.held);
    // A machine whose tool has exited is kept only for its conflicts. It is not running, so `silo rm` needs no --force.
    return { machine, instance: ending === undefined ? instance : { ...instance, running: false } };
  });
  return (await Promise.all(listed)).filter((one) => one !== undefined);
}

/**
 * The instance of a machine.
 * @param held the reason why the machine is kept, if its tool has exited.
 */
function instanceOf(
  { name: backend }: Provider,
  machine: Machine,
  labels: NonNullable<Machine["labels"]>,
  held: string | undefined,
): Instance {
  const { id, name, image, state, created } = machine;
  const details = [
    machine.reachable ? "" : "its host does not respond",
    machine.outOfMemory ? "ran out of memory" : "",
    held ?? "",
    ageText(created, Date.now()),
    ...machine.details,
  ].filter((text) => text !== "");
  const running = machine.phase === "running";
  return { id, name, image, backend, status: state, details, running, ...labels, created };
}

async function forgetDestroyed(
  remote: Remote,
  known: readonly string[],
  all: readonly Machine[],
): Promise<void> {
  for (const id of known) {
    const exists = all.some((machine) => machine.id === id && machine.phase !== "destroyed");
    const record = exists ? undefined : await readRecord(remote, id);
    if (record?.scope !== remote.provider.scope) continue;
    await terminateSyncs(remote, id).catch(() => {});
    await forget(remote, id);
  }
}
