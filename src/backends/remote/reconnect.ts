import { siloPaths } from "../../core/protected-paths.ts";
import { displayPath, within } from "../../core/paths.ts";
import { printable } from "../../core/text/quote.ts";
import { SiloError } from "../../errors.ts";
import { pathFacts } from "../../sys/host/facts.ts";
import { interruptible } from "../../sys/process/interrupt.ts";
import type { RunOutcome, RunProgress } from "../backend.ts";
import { showLastScreen, toolState } from "./attach.ts";
import { syncBackAndDestroy } from "./finish.ts";
import { fetchRecord, importRecord } from "./foreign-record.ts";
import { linkFailed, openLinks, setUp } from "./link/link.ts";
import { returnScript } from "./link/setup.ts";
import { makeKey } from "./link/ssh.ts";
import type { Machine, Remote } from "./provider.ts";
import { filesOf, readRecord, saveRecord, type MachineRecord } from "./record.ts";
import { attachAndFinish, checkPrograms, toolLost } from "./run.ts";
import { recordBranches } from "./sync/branch-journal.ts";
import { claimDaemon } from "./sync/daemon.ts";
import { copyFiles } from "./sync/first-copy.ts";
import { resumeSyncs, syncSessions } from "./sync/mutagen.ts";

/**
 * Reattaches to a machine's tool, also from another laptop. When the tool exits, it syncs back as after a run.
 * @throws SiloError
 */
export async function reconnect(
  remote: Remote,
  machine: Machine,
  progress: RunProgress,
): Promise<RunOutcome> {
  checkPrograms();
  const { id, name } = machine;
  await interruptible(async (signal) => {
    if (machine.phase === "running") return;
    progress.stage(`starting machine ${name}`);
    await remote.provider.start(id);
    signal.throwIfAborted();
  });
  const known = await readRecord(remote, id);
  const record =
    known === undefined || known.foreign === true
      ? await adopt(remote, machine, progress)
      : { ...known, tty: true };
  progress.stage(`connecting to ${name}`);
  await recordBranches(remote, record);
  await interruptible((signal) => connect(remote, record, progress, signal));
  const state = await toolState(remote, id);
  progress.stage(undefined);
  if (state?.kind === "exit") {
    await showLastScreen(remote, record);
    return await syncBackAndDestroy(remote, record, state.code, progress);
  }
  if (state?.kind === "lost") throw await toolLost(remote, record);
  progress.keep();
  return await attachAndFinish(remote, record, progress);
}

/** Opens the connections and resumes syncing; sets up SSH first if this laptop has no key yet, or after a restart. */
async function connect(
  remote: Remote,
  record: MachineRecord,
  progress: RunProgress,
  signal: AbortSignal,
): Promise<void> {
  const { id, layout } = record;
  const ready = (await toolState(remote, id).catch(() => undefined))?.kind;
  if (ready === undefined || ready === "lost") {
    const key = await makeKey(filesOf(remote, id));
    await setUp(remote, record, returnScript(record, key), signal);
  }
  if (!(await openLinks(remote, record))) throw linkFailed(remote.provider, record.name);
  await claimDaemon(remote, id);
  if ((await syncSessions(remote, id)).length < layout.syncs.length)
    await copyFiles(remote, record, progress, signal);
  else await resumeSyncs(remote, id);
}

/**
 * Takes over a machine of another laptop. Programs in the machine may have changed the paths in its record. The paths are
 * therefore shown as they resolve on this laptop, and are not read or written before the user agrees.
 */
async function adopt(
  remote: Remote,
  machine: Machine,
  progress: RunProgress,
): Promise<MachineRecord> {
  const { id, name } = machine;
  const { home, provider } = remote;
  progress.stage(`reading the record of ${name}`);
  const found = await fetchRecord(remote, machine);
  const record = importRecord(found, { scope: provider.scope, id, name }, home);
  const facts = pathFacts(record.layout.syncs.map(({ local }) => local));
  const real = (path: string) => facts[path]?.real ?? path;
  const syncs = record.layout.syncs.map((sync) => ({ ...sync, local: real(sync.local) }));
  const never = [...siloPaths(home, process.env), `${home}/.ssh`, `${home}/.gnupg`];
  const bad = syncs.find(({ local }) =>
    never.some((own) => within(local, own) || within(own, local)),
  );
  const hint = `silo shell ${name}   # works without its files`;
  if (bad !== undefined)
    throw new SiloError(
      `${name} requests ${bad.local}, which silo never syncs with a machine of another laptop`,
      {
        hint,
      },
    );
  const shown = syncs.map(
    ({ local, kind }) => `${displayPath(local, home)}${kind === "ro" ? " (read-only)" : ""}`,
  );
  const yes = await progress.confirm(
    printable(`${name} was started on another laptop. Sync these paths here: ${shown.join(", ")}?`),
    hint,
  );
  if (!yes) throw new SiloError("not connected", { hint });
  const own = { ...record, layout: { ...record.layout, syncs }, tty: true };
  await saveRecord(remote, own);
  return own;
}
