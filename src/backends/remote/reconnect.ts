import { siloPaths } from "../../core/protected-paths.ts";
import { displayPath, within } from "../../core/paths.ts";
import { printable } from "../../core/text/quote.ts";
import { SiloError } from "../../errors.ts";
import { pathFacts } from "../../sys/host/facts.ts";
import { interruptible } from "../../sys/process/interrupt.ts";
import type { RunOutcome, RunReport } from "../backend.ts";
import { adopt, theirRecord } from "./foreign-record.ts";
import { startArgs, waitArgs } from "../fly/args.ts";
import { answer } from "../fly/flyctl.ts";
import { showLastScreen, toolState } from "./attach.ts";
import { copyFiles } from "./sync/first-copy.ts";
import { claimDaemon } from "./sync/daemon.ts";
import { finish } from "./finish.ts";
import { flyError } from "../fly/errors.ts";
import { openLinks, setUp, type Here } from "./link/link.ts";
import type { Machine } from "../fly/machines.ts";
import { resumeSyncs, syncSessions } from "./sync/mutagen.ts";
import { filesOf, readRecord, saveRecord, type Record } from "./record.ts";
import { noteRefs } from "./sync/branch-journal.ts";
import { checkPrograms, lost, useMachine } from "./run.ts";
import { returnScript } from "./link/setup.ts";
import { makeKey } from "./link/ssh.ts";

const STARTED_S = 120;

/** Comes back to a machine, from the laptop that made it or from another one, and ends as a run does. */
export async function reconnect(
  here: Here,
  home: string,
  app: string,
  machine: Machine,
  report: RunReport,
): Promise<RunOutcome> {
  checkPrograms();
  const { id, name } = machine;
  await interruptible(async (signal) => {
    if (machine.state === "started") return;
    report.stage(`starting machine ${name}`);
    await start(here, app, id);
    signal.throwIfAborted();
  });
  const known = await readRecord(here.state, id);
  const record =
    known === undefined || known.elsewhere === true
      ? await agree(here, home, app, machine, report)
      : { ...known, tty: true };
  report.stage(`opening ${name}`);
  await noteRefs(here, record);
  await interruptible((signal) => enter(here, record, report, signal));
  const state = await toolState(here, id);
  report.stage(undefined);
  if (state?.kind === "exit") {
    await showLastScreen(here, record);
    return await finish(here, record, state.code, report);
  }
  if (state?.kind === "lost") throw await lost(here, record);
  report.keep();
  return await useMachine(here, record, report);
}

async function start({ state }: Here, app: string, id: string): Promise<void> {
  const { code, stderr } = await answer(state, startArgs(app, id));
  if (code !== 0) throw flyError(stderr, "starting the machine", app);
  const waited = await answer(state, waitArgs(app, id, STARTED_S));
  if (waited.code !== 0) throw flyError(waited.stderr, "starting the machine", app);
}

/** Opens the door again, for a new key where this laptop has none, and makes sure that every path is kept alike. */
async function enter(
  here: Here,
  record: Record,
  report: RunReport,
  signal: AbortSignal,
): Promise<void> {
  const { id, layout } = record;
  // A machine that was not restarted has its door as it was.
  const ready = (await toolState(here, id).catch(() => undefined))?.kind;
  if (ready === undefined || ready === "lost") {
    const key = await makeKey(filesOf(here.state, id));
    await setUp(here, record, returnScript(record, key), signal);
  }
  if (!(await openLinks(here, record)))
    throw new SiloError(`the link to ${record.name} does not stand`, { hint: "fly doctor" });
  await claimDaemon(here, id);
  if ((await syncSessions(here, id)).length < layout.syncs.length)
    await copyFiles(here, record, report, signal);
  else await resumeSyncs(here, id);
}

/**
 * Another laptop's machine tells itself which paths it has; what runs in it may have changed that. So each is shown
 * as it is on this laptop, links followed, and none is read or written without a yes.
 */
async function agree(
  here: Here,
  home: string,
  app: string,
  { id, name }: Machine,
  report: RunReport,
): Promise<Record> {
  report.stage(`asking ${name} what it has`);
  const record = adopt(await theirRecord(here, app, id), { app, id, name }, home);
  const facts = pathFacts(record.layout.syncs.map(({ local }) => local));
  const real = (path: string) => facts[path]?.real ?? path;
  const syncs = record.layout.syncs.map((sync) => ({ ...sync, local: real(sync.local) }));
  const never = [...siloPaths(home, process.env), `${home}/.ssh`, `${home}/.gnupg`];
  const bad = syncs.find(({ local }) =>
    never.some((own) => within(local, own) || within(own, local)),
  );
  const hint = `silo shell ${name}   # works without its files`;
  if (bad !== undefined)
    throw new SiloError(`${name} asks for ${bad.local}, which silo never hands out this way`, {
      hint,
    });
  const shown = syncs.map(
    ({ local, kind }) => `${displayPath(local, home)}${kind === "ro" ? " (read-only)" : ""}`,
  );
  const yes = await report.confirm(
    printable(
      `${name} was started on another laptop. Keep these paths alike here: ${shown.join(", ")}?`,
    ),
    hint,
  );
  if (!yes) throw new SiloError("not connected", { hint });
  const own = { ...record, layout: { ...record.layout, syncs }, tty: true };
  await saveRecord(here.state, own);
  return own;
}
