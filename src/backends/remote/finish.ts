import type { Exit } from "../../runtime/command.ts";
import type { RunOutcome, RunProgress } from "../backend.ts";
import { closeLinks } from "./link/link.ts";
import type { Remote } from "./provider.ts";
import { forget, saveEnding, type MachineRecord } from "./record.ts";
import { lostBranchTips, recordBranches } from "./sync/branch-journal.ts";
import { terminateSyncs } from "./sync/mutagen.ts";
import type { SyncStatus } from "./sync/sessions.ts";
import { conflictLines, isSynced, saveToolSide, statusText, syncBack } from "./sync/sync-back.ts";

/** How long to retry syncing back before the machine is kept. */
const RETRY_MS = 120_000;

/** Cleans up the local state of a destroyed machine: its sync sessions, SSH connections and files. */
export async function forgetMachine(remote: Remote, record: MachineRecord): Promise<void> {
  await terminateSyncs(remote, record.id);
  await closeLinks(remote, record, "all");
  await forget(remote, record.id);
}

/**
 * Destroys a machine and cleans up its local state.
 * @returns warnings if the machine could not be destroyed.
 */
export async function destroyMachine(
  remote: Remote,
  record: MachineRecord,
): Promise<readonly string[]> {
  await terminateSyncs(remote, record.id);
  await closeLinks(remote, record, "all");
  const output = await remote.provider.destroy(record.id);
  if (output === undefined) {
    await forget(remote, record.id);
    return [];
  }
  return [
    `the machine ${record.name} could not be destroyed and still costs money; retry: silo rm --force ${record.name}`,
    ...output,
  ];
}

/** The warning for a machine that is kept because some changes are not synced back. */
async function keptWarning(
  remote: Remote,
  record: MachineRecord,
  status: SyncStatus,
): Promise<string> {
  const { name, id } = record;
  return [
    `${name} is kept because not all of its files are synced back`,
    ...(await conflictLines(remote, id, status)),
    `inspect: silo shell ${name}`,
    `resolve (keep one side's file), then run: silo rm ${name}`,
    `or save the machine's versions next to yours: silo rm --force ${name}`,
  ].join("\n  ");
}

/** On tool exit: syncs back, then destroys the machine unless data would be lost. */
export async function syncBackAndDestroy(
  remote: Remote,
  record: MachineRecord,
  code: Exit,
  progress: RunProgress,
): Promise<RunOutcome> {
  progress.stage("syncing files back");
  // Recorded first, because syncing back overwrites branches that were moved here during a lost connection.
  await recordBranches(remote, record).catch(() => {});
  const status = await syncBack(remote, record.id, RETRY_MS);
  const notes = [
    ...(await saveToolSide(remote, record, status)),
    ...(await lostBranchTips(remote, record)),
  ];
  if (isSynced(status)) {
    progress.stage(`destroying machine ${record.name}`);
    return { kind: "exit", code, warnings: [...notes, ...(await destroyMachine(remote, record))] };
  }
  await saveEnding(remote, record.id, { code, held: statusText(status) });
  const warnings = [...notes, await keptWarning(remote, record, status)];
  await closeLinks(remote, record, "terminal");
  return { kind: "exit", code, warnings };
}
