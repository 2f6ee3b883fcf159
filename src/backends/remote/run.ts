import { stat } from "node:fs/promises";
import type { Port, RunPlan, Session } from "../../core/types.ts";
import { Cancelled, SiloError } from "../../errors.ts";
import { isFree } from "../../sys/host/free-port.ts";
import { interruptible } from "../../sys/process/interrupt.ts";
import { whereIs } from "../../sys/host/which.ts";
import { LABEL } from "../engine/labels.ts";
import type { RunOutcome, RunReport } from "../backend.ts";
import { runArgs, waitArgs, type FlySettings } from "../fly/args.ts";
import { answer } from "../fly/flyctl.ts";
import { attachTool } from "./attach.ts";
import { copyFiles } from "./sync/first-copy.ts";
import { claimDaemon } from "./sync/daemon.ts";
import { bringHome, isHome } from "./sync/sync-back.ts";
import { destroyMachine, finish, forgetMachine } from "./finish.ts";
import { flyError, isImageMissing, isNameTaken, missingProgram } from "../fly/errors.ts";
import { planLayout, type Layout } from "./sync/layout.ts";
import { closeLinks, openLinks, setUp, type Here } from "./link/link.ts";
import { launchedId, machines } from "../fly/machines.ts";
import { terminateSyncs } from "./sync/mutagen.ts";
import { filesOf, forget, recordOf, saveRecord, type Record } from "./record.ts";
import { noteRefs, watchRefs } from "./sync/branch-journal.ts";
import { returnScript, setupScript } from "./link/setup.ts";
import { makeKey } from "./link/ssh.ts";

const STARTED_S = 120;
/** As if the tool had been killed. */
const REMOVED = 137;

/** What a run needs on this machine, known before anything costs money. @throws SiloError for the first that is missing. */
export function checkPrograms(): void {
  for (const program of ["mutagen", "ssh"] as const)
    if (whereIs(program) === undefined) throw missingProgram(program);
}

/** Which mounted directories have a git directory in them. */
export async function layoutOf(plan: RunPlan, ignore: readonly string[]): Promise<Layout> {
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

/** Runs a plan on a machine of its own, and brings everything home. */
export async function runPlan(
  plan: RunPlan,
  session: Session,
  settings: FlySettings,
  here: Here,
  report: RunReport,
): Promise<RunOutcome> {
  checkPrograms();
  const taken = await firstTaken(plan.ports);
  if (taken !== undefined) return { kind: "port-taken", port: taken };
  const ready = await interruptible(async (signal) => {
    try {
      return await prepare(plan, session, settings, here, report, signal);
    } catch (error) {
      report.stage("taking it back");
      await takeBack(here, settings.app, session.id);
      throw signal.aborted ? new Cancelled() : error;
    }
  });
  if ("kind" in ready) return ready;
  report.stage(undefined);
  report.keep();
  return await useMachine(here, ready, report);
}

/** From a machine that is ready to one that is gone, or left as it is. */
export async function useMachine(
  here: Here,
  record: Record,
  report: RunReport,
): Promise<RunOutcome> {
  const unwatch = watchRefs(here, record);
  const outcome = await attachTool(here, record, report).finally(unwatch);
  if (outcome.kind === "exit") return await finish(here, record, outcome.code, report);
  if (outcome.kind === "lost") throw await lost(here, record);
  if (outcome.kind === "gone") {
    await forgetMachine(here, record);
    return { kind: "exit", code: REMOVED, warnings: [`${record.name} was removed elsewhere`] };
  }
  await closeLinks(here, record, "terminal").catch(() => {});
  return { kind: "detached" };
}

/** What ran is gone, by a restart or a stop; what was on the machine's disk is there. */
export async function lost(here: Here, record: Record): Promise<SiloError> {
  const { name, id } = record;
  const found = (await machines(here.state, record.app)).find((machine) => machine.id === id);
  const up = found?.state === "started";
  const size = found?.size.memoryMb;
  const why =
    found?.outOfMemory === true
      ? `ran out of memory (${size} MB)`
      : up
        ? "was restarted"
        : "was stopped";
  const home = up && (await broughtHome(here, record));
  const more =
    found?.outOfMemory === true
      ? ', and set a larger "memory" under backends.fly in silo.jsonc'
      : "";
  return new SiloError(`${name} ${why}: its files are kept, what ran is gone`, {
    detail: [home ? "its files are home" : "its files are not all home yet"],
    hint: home ? `silo rm --force ${name}` : `silo reconnect ${name}   # brings them home${more}`,
  });
}

/** A machine that was restarted has lost its door, too. */
async function broughtHome(here: Here, record: Record): Promise<boolean> {
  const { signal } = new AbortController();
  try {
    const key = await makeKey(filesOf(here.state, record.id));
    await setUp(here, record, returnScript(record, key), signal);
    await openLinks(here, record);
    return isHome(await bringHome(here, record.id, 30_000));
  } catch {
    return false;
  }
}

/** Makes a machine ready: it runs, lets silo in, and has the files. */
async function prepare(
  plan: RunPlan,
  session: Session,
  settings: FlySettings,
  here: Here,
  report: RunReport,
  signal: AbortSignal,
): Promise<Record | RunOutcome> {
  report.stage(`starting machine ${session.name} in ${settings.region}`);
  const layout = await layoutOf(plan, settings.ignore);
  const launched = await launchMachine(plan, session, settings, here);
  if (typeof launched !== "string") return launched;
  const record = recordOf(plan, session, settings.app, launched, layout, settings.persist);
  await saveRecord(here.state, record);
  // Both to their ends, so that neither goes on while the start is taken back.
  const both = await Promise.allSettled([
    letIn(plan, here, record, report, signal),
    claimDaemon(here, record.id),
  ]);
  for (const one of both) if (one.status === "rejected") throw one.reason;
  await copyFiles(here, record, report, signal);
  return record;
}

/** Opens the machine's door for this laptop alone, and the links through it. */
async function letIn(
  plan: RunPlan,
  here: Here,
  record: Record,
  report: RunReport,
  signal: AbortSignal,
): Promise<void> {
  await noteRefs(here, record);
  signal.throwIfAborted();
  report.stage(`opening ${record.name}`);
  const key = await makeKey(filesOf(here.state, record.id));
  await setUp(here, record, setupScript(plan, record, key, JSON.stringify(record)), signal);
  signal.throwIfAborted();
  if (!(await openLinks(here, record)))
    throw new SiloError(`the link to ${record.name} does not stand`, {
      hint: "fly doctor   # fly agent restart, or: fly wireguard websockets enable",
    });
}

/** @returns the machine's id, or what the caller can mend. */
async function launchMachine(
  plan: RunPlan,
  session: Session,
  settings: FlySettings,
  { state }: Here,
): Promise<string | RunOutcome> {
  const { app } = settings;
  const { code, stdout, stderr } = await answer(state, runArgs(plan, session, settings));
  const id = launchedId(stdout);
  if (id === undefined) {
    if (isImageMissing(stderr)) return { kind: "no-image" };
    if (isNameTaken(stderr)) return { kind: "name-taken" };
    throw flyError(stderr, "starting a machine", app);
  }
  if (code === 0) return id;
  const waited = await answer(state, waitArgs(app, id, STARTED_S));
  if (waited.code === 0) return id;
  throw flyError(`${stderr}\n${waited.stderr}`, "starting the machine", app);
}

/** Undoes a start that came to nothing: nothing of value is on the machine yet. */
export async function takeBack(here: Here, app: string, session: string): Promise<void> {
  try {
    const own = (await machines(here.state, app)).filter(
      ({ metadata }) => metadata[LABEL.session] === session,
    );
    for (const { id } of own) {
      await terminateSyncs(here, id).catch(() => {});
      if ((await destroyMachine(here, app, id)) === undefined) await forget(here.state, id);
    }
  } catch {
    // Its failure must not hide the first one; the next command finds the machine.
  }
}

/** A port of this machine that another program has. */
async function firstTaken(ports: readonly Port[]): Promise<number | undefined> {
  for (const { hostIp, host, protocol } of ports)
    if (protocol === "tcp" && !(await isFree(hostIp, host))) return host;
  return undefined;
}
