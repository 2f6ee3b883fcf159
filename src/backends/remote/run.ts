import { stat } from "node:fs/promises";
import type { Port, RunPlan, Session } from "../../core/types.ts";
import { Cancelled, SiloError } from "../../errors.ts";
import { isFree } from "../../sys/host/free-port.ts";
import { interruptible } from "../../sys/process/interrupt.ts";
import { whereIs } from "../../sys/host/which.ts";
import type { RunOutcome, RunProgress } from "../backend.ts";
import { attachTool } from "./attach.ts";
import { missingProgram } from "./errors.ts";
import { forgetMachine, syncBackAndDestroy } from "./finish.ts";
import { closeLinks, linkFailed, openLinks, setUp } from "./link/link.ts";
import { returnScript, setupScript } from "./link/setup.ts";
import { makeKey } from "./link/ssh.ts";
import type { Launched, Remote } from "./provider.ts";
import { filesOf, forget, recordOf, saveRecord, type MachineRecord } from "./record.ts";
import { recordBranches, watchBranches } from "./sync/branch-journal.ts";
import { claimDaemon } from "./sync/daemon.ts";
import { copyFiles } from "./sync/first-copy.ts";
import { planLayout, type Layout } from "./sync/layout.ts";
import { terminateSyncs } from "./sync/mutagen.ts";
import { isSynced, syncBack } from "./sync/sync-back.ts";

/** Exit status of a run whose machine was removed meanwhile: 128 + SIGKILL. */
const REMOVED = 137;

/** The parameters of a start: the plan, its session, and the progress to report to. */
type Start = {
  readonly plan: RunPlan;
  readonly session: Session;
  readonly progress: RunProgress;
};

/**
 * Checks that the programs of a run are installed on this laptop, before anything costs money.
 * @throws SiloError for the first missing program.
 */
export function checkPrograms(): void {
  for (const program of ["mutagen", "ssh"] as const)
    if (whereIs(program) === undefined) throw missingProgram(program);
}

/** Plans the syncs. The `.git` directory of a mounted directory gets its own sync session. */
async function layoutOf(plan: RunPlan, ignore: readonly string[]): Promise<Layout> {
  const candidates = plan.mounts
    .filter(({ kind, mode }) => kind === "dir" && mode === "rw")
    .map(({ source, target }) => ({ source: `${source}/.git`, target: `${target}/.git` }))
    .filter(({ source, target }) => source === target);
  const found = await Promise.all(
    candidates.map(async ({ source }) =>
      (await stat(source).catch(() => undefined))?.isDirectory(),
    ),
  );
  const git = candidates.filter((_, i) => found[i] === true).map(({ target }) => target);
  return planLayout(plan, git, ignore);
}

/**
 * Runs a plan on a machine of its own, then syncs back and destroys the machine.
 * @throws SiloError
 */
export async function runPlan(remote: Remote, start: Start): Promise<RunOutcome> {
  const { plan, session, progress } = start;
  checkPrograms();
  const taken = await firstTaken(plan.ports);
  if (taken !== undefined) return { kind: "port-taken", port: taken };
  const ready = await interruptible(async (signal) => {
    try {
      return await prepare(remote, start, signal);
    } catch (error) {
      progress.stage("rolling back");
      await rollback(remote, session.id);
      throw signal.aborted ? new Cancelled() : error;
    }
  });
  if ("kind" in ready) return ready;
  progress.stage(undefined);
  progress.keep();
  return await attachAndFinish(remote, ready, progress);
}

/** Attaches to the tool on a prepared machine. When the tool exits, syncs back and destroys the machine. */
export async function attachAndFinish(
  remote: Remote,
  record: MachineRecord,
  progress: RunProgress,
): Promise<RunOutcome> {
  const unwatch = watchBranches(remote, record);
  const outcome = await attachTool(remote, record, progress).finally(unwatch);
  if (outcome.kind === "exit")
    return await syncBackAndDestroy(remote, record, outcome.code, progress);
  if (outcome.kind === "lost") throw await toolLost(remote, record);
  if (outcome.kind === "gone") {
    await forgetMachine(remote, record);
    const warnings = [`${record.name} was removed outside of this silo process`];
    return { kind: "exit", code: REMOVED, warnings };
  }
  await closeLinks(remote, record, "terminal").catch(() => {});
  return { kind: "detached" };
}

/** The error for a tool that was lost in a restart or stop of its machine. Syncs back first if the machine is running. */
export async function toolLost(remote: Remote, record: MachineRecord): Promise<SiloError> {
  const { name, id } = record;
  const { provider } = remote;
  const found = (await provider.machines()).find((machine) => machine.id === id);
  const full = found?.outOfMemory === true;
  const up = found?.phase === "running";
  const why = full
    ? `ran out of memory (${found.memoryMb} MB)`
    : up
      ? "was restarted"
      : "was stopped";
  const synced = up && (await syncedAfterRestart(remote, record));
  const more = full ? `, and set a larger ${provider.settings}.memory in silo.jsonc` : "";
  return new SiloError(`${name} ${why}, so its tool is no longer running`, {
    detail: [synced ? "all files are synced back" : "the machine still has unsynced files"],
    hint: synced ? `silo rm --force ${name}` : `silo reconnect ${name}   # syncs them back${more}`,
  });
}

/** Syncs back after a restart, which also removed the SSH set-up. @returns whether all files are synced back. */
async function syncedAfterRestart(remote: Remote, record: MachineRecord): Promise<boolean> {
  try {
    const key = await makeKey(filesOf(remote, record.id));
    await setUp(remote, record, returnScript(record, key));
    await openLinks(remote, record);
    return isSynced(await syncBack(remote, record.id, 30_000));
  } catch {
    return false;
  }
}

/** Launches a machine, sets it up and copies the files. */
async function prepare(
  remote: Remote,
  start: Start,
  signal: AbortSignal,
): Promise<MachineRecord | Exclude<Launched, { kind: "launched" }>> {
  const { plan, session, progress } = start;
  const { provider, ignore } = remote;
  progress.stage(`starting machine ${session.name} in ${provider.location}`);
  const layout = await layoutOf(plan, ignore);
  const launched = await provider.launch(plan, session);
  if (launched.kind !== "launched") return launched;
  const record = recordOf(remote, start, launched.id, layout);
  await saveRecord(remote, record);
  // Waits for both even if one fails, so that neither is still running during a rollback.
  const both = await Promise.allSettled([
    openAccess(remote, start, record, signal),
    claimDaemon(remote, record.id),
  ]);
  for (const one of both) if (one.status === "rejected") throw one.reason;
  await copyFiles(remote, record, progress, signal);
  return record;
}

/** Sets up SSH access for this laptop alone, and opens the shared connections. */
async function openAccess(
  remote: Remote,
  { plan, progress }: Start,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<void> {
  await recordBranches(remote, record);
  signal.throwIfAborted();
  progress.stage(`connecting to ${record.name}`);
  const key = await makeKey(filesOf(remote, record.id));
  const script = setupScript(plan, record, key, JSON.stringify(record));
  await setUp(remote, record, script, signal);
  signal.throwIfAborted();
  if (!(await openLinks(remote, record))) throw linkFailed(remote.provider, record.name);
}

/** Rolls back a failed start of a session; the machine holds no user data yet. */
export async function rollback(remote: Remote, session: string): Promise<void> {
  try {
    const all = await remote.provider.machines();
    for (const { id, labels } of all) {
      if (labels?.session !== session) continue;
      await terminateSyncs(remote, id).catch(() => {});
      if ((await remote.provider.destroy(id)) === undefined) await forget(remote, id);
    }
  } catch {
    // Ignored, because it must not replace the first error. The next command finds the machine.
  }
}

/** The first TCP port that another program on this laptop uses. */
async function firstTaken(ports: readonly Port[]): Promise<number | undefined> {
  for (const { hostIp, host, protocol } of ports)
    if (protocol === "tcp" && !(await isFree(hostIp, host))) return host;
  return undefined;
}
