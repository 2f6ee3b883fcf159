import { SiloError } from "../../errors.ts";
import { destroyMachine } from "./finish.ts";
import { openLinks } from "./link/link.ts";
import type { Machine, Remote } from "./provider.ts";
import { readRecord, type MachineRecord } from "./record.ts";
import { conflictLines, isSynced, saveBeside, saveToolSide, syncBack } from "./sync/sync-back.ts";

/** How long to retry syncing back. */
const RETRY_MS = 30_000;

/**
 * Syncs machines back and destroys them.
 * @param force also destroys a machine with conflicts or problems. If it is reachable, its versions of the files are
 * saved next to the host's.
 * @returns warnings.
 * @throws SiloError if data would be lost and `force` is false.
 */
export async function remove(
  remote: Remote,
  machines: readonly Machine[],
  force: boolean,
): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const machine of machines) notes.push(...(await removeOne(remote, machine, force)));
  return notes;
}

async function removeOne(
  remote: Remote,
  { id, name, phase }: Machine,
  force: boolean,
): Promise<readonly string[]> {
  const record = await readRecord(remote, id);
  if (record === undefined || record.foreign === true) {
    if (!force) throw startedElsewhere(name);
    const output = await remote.provider.destroy(id);
    return output === undefined ? [] : [`the machine ${name} could not be destroyed`, ...output];
  }
  const notes = phase === "running" ? await saveFiles(remote, record, force) : stopped(name, force);
  return [...notes, ...(await destroyMachine(remote, record))];
}

async function saveFiles(
  remote: Remote,
  record: MachineRecord,
  force: boolean,
): Promise<readonly string[]> {
  const { id, name } = record;
  await openLinks(remote, record);
  const status = await syncBack(remote, id, RETRY_MS);
  const notes = await saveToolSide(remote, record, status);
  if (isSynced(status)) return notes;
  if (!force) {
    throw new SiloError(`${name} has changes that are not synced back`, {
      detail: await conflictLines(remote, id, status),
      hint: `silo rm --force ${name}   # saves the machine's versions next to yours`,
    });
  }
  const { saved, failed } = await saveBeside(remote, id, status.conflicts);
  return [
    ...notes,
    ...saved.map((path) => `the machine's version is saved as ${path}`),
    ...failed.map((path) => `${path} could not be copied from ${name} and is lost`),
    ...status.problems.map((problem) => `not synced back: ${problem}`),
  ];
}

function stopped(name: string, force: boolean): readonly string[] {
  if (force) return [`${name} was stopped, so nothing was synced back`];
  throw new SiloError(`${name} is stopped, so its files cannot be synced back`, {
    hint: `silo reconnect ${name}   # or discard them: silo rm --force ${name}`,
  });
}

function startedElsewhere(name: string): SiloError {
  return new SiloError(`${name} was started on another laptop, which syncs its files`, {
    hint: `silo reconnect ${name}   # or discard unsynced changes: silo rm --force ${name}`,
  });
}
