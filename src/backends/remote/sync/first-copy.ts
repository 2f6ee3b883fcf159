import { SiloError } from "../../../errors.ts";
import type { RunReport } from "../../backend.ts";
import { LINK_MS, pause, type Here } from "../link/link.ts";
import { createSync, flush, syncSessions } from "./mutagen.ts";
import { filesOf, type Record } from "../record.ts";
import { progressText, uncopied } from "./sessions.ts";

/** The first copy of everything, and then all that changes, both ways. */
export async function copyFiles(
  here: Here,
  record: Record,
  report: RunReport,
  signal: AbortSignal,
): Promise<void> {
  const { id, layout } = record;
  const { folder } = filesOf(here.state, id);
  report.stage("copying files");
  const create = (i: number) => {
    const sync = layout.syncs[i];
    return sync === undefined ? Promise.resolve() : createSync(here, sync, id, i, folder);
  };
  // The first of each user brings mutagen's agent, which the others then find.
  const firsts = new Map(
    layout.syncs.map(({ kind }, i) => [kind === "ro", i] as const).toReversed(),
  );
  await Promise.all([...firsts.values()].map(create));
  signal.throwIfAborted();
  const others = layout.syncs.map((_, i) => i).filter((i) => ![...firsts.values()].includes(i));
  await Promise.all(others.map(create));
  signal.throwIfAborted();
  await watchedFlush(here, id, report, signal);
}

const LOOK_MS = 700;
const DAY_MS = 24 * 3_600_000;

/** Waits for one whole cycle, and tells how far it is. @throws SiloError where not everything could be copied. */
async function watchedFlush(
  here: Here,
  id: string,
  report: RunReport,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + LINK_MS;
  for (;;) {
    const said = await followed(flush(here, id, DAY_MS), here, id, report, signal);
    const { problems, passing } = uncopied(await syncSessions(here, id));
    if (said === "" && problems.length === 0) return;
    // A link that broke in between comes back by itself.
    if ((said === "" && !passing) || performance.now() > end) throw notCopied(problems, said);
    await pause(LOOK_MS);
  }
}

async function followed(
  flushed: Promise<string>,
  here: Here,
  id: string,
  report: RunReport,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    const said = await Promise.race([flushed, pause(LOOK_MS)]);
    signal.throwIfAborted();
    if (said !== undefined) return said;
    const text = progressText(await syncSessions(here, id).catch(() => []));
    report.stage(`copying files${text === "" ? "" : `: ${text}`}`);
  }
}

function notCopied(problems: readonly string[], said: string): SiloError {
  const detail = problems.length > 0 ? problems : [said];
  const full = problems.some((problem) => /no space left/i.test(problem));
  return new SiloError(full ? "there is no room for all files" : "the files could not be copied", {
    detail,
    hint: "name what stays here under backends.fly.ignore in silo.jsonc",
  });
}
