import type { Exit } from "../../runtime/command.ts";
import { destroyArgs } from "../fly/args.ts";
import { answer } from "../fly/flyctl.ts";
import type { RunOutcome, RunReport } from "../backend.ts";
import { lastLines } from "../fly/errors.ts";
import { bringHome, heldLines, heldText, isHome, saveToolSide } from "./sync/sync-back.ts";
import { closeLinks, pause, type Here } from "./link/link.ts";
import { terminateSyncs } from "./sync/mutagen.ts";
import { forget, saveEnding, type Record } from "./record.ts";
import { movedRefs, noteRefs } from "./sync/branch-journal.ts";
import type { Verdict } from "./sync/sessions.ts";

const DESTROY_TRIES = 3;
const PATIENCE_MS = 120_000;

/** Destroys a machine for good; one that is gone is no error. @returns flyctl's words where it stays. */
export async function destroyMachine(
  { state }: Here,
  app: string,
  id: string,
): Promise<readonly string[] | undefined> {
  let said = "";
  for (let i = 0; i < DESTROY_TRIES; i += 1) {
    if (i > 0) await pause(1000 * i);
    const { code, stdout, stderr } = await answer(state, destroyArgs(app, id));
    said = `${stdout}\n${stderr}`;
    if (code === 0 || /was not found|already been destroyed/i.test(said)) return undefined;
  }
  return lastLines(said);
}

/** Forgets a machine that is gone: its sessions, its links and silo's files of it. */
export async function forgetMachine(here: Here, record: Record): Promise<void> {
  await terminateSyncs(here, record.id);
  await closeLinks(here, record, "all");
  await forget(here.state, record.id);
}

/** Ends everything of a machine: its sessions, its links, itself, and silo's files of it. @returns what stays, for the user. */
export async function endMachine(here: Here, record: Record): Promise<readonly string[]> {
  await terminateSyncs(here, record.id);
  await closeLinks(here, record, "all");
  const stays = await destroyMachine(here, record.app, record.id);
  if (stays === undefined) {
    await forget(here.state, record.id);
    return [];
  }
  return [
    `the machine ${record.name} could not be destroyed and still costs money; try: silo rm --force ${record.name}`,
    ...stays,
  ];
}

/** What the user is told of a machine that has to stay. */
async function heldWarnings(
  here: Here,
  record: Record,
  verdict: Verdict,
): Promise<readonly string[]> {
  const { name, id } = record;
  return [
    [
      `${name} is kept: not all of its files are home`,
      ...(await heldLines(here, id, verdict)),
      `look with: silo shell ${name}`,
      `settle it (keep one side's file), then: silo rm ${name}`,
      `or save the machine's versions beside yours: silo rm --force ${name}`,
    ].join("\n  "),
  ];
}

/** The tool has ended: its files come home, and the machine goes, unless that would lose something. */
export async function finish(
  here: Here,
  record: Record,
  code: Exit,
  report: RunReport,
): Promise<RunOutcome> {
  report.stage("bringing the files home");
  // What was moved here while the link was down is not here any more when the machine's side has come.
  await noteRefs(here, record).catch(() => {});
  const verdict = await bringHome(here, record.id, PATIENCE_MS);
  const notes = [
    ...(await saveToolSide(here, record, verdict)),
    ...(await movedRefs(here, record)),
  ];
  if (isHome(verdict)) {
    report.stage(`destroying machine ${record.name}`);
    return { kind: "exit", code, warnings: [...notes, ...(await endMachine(here, record))] };
  }
  await saveEnding(here.state, record.id, { code, held: heldText(verdict) });
  const warnings = [...notes, ...(await heldWarnings(here, record, verdict))];
  await closeLinks(here, record, "terminal");
  return { kind: "exit", code, warnings };
}
