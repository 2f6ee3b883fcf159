import { pause } from "../../../sys/process/pause.ts";
import { SiloError } from "../../../errors.ts";
import type { RunProgress } from "../../backend.ts";
import { excludeHint, LINK_MS } from "../link/link.ts";
import type { Remote } from "../provider.ts";
import type { MachineRecord } from "../record.ts";
import { createSync, flush, syncSessions } from "./mutagen.ts";
import { progressText, uncopied } from "./sessions.ts";

/** The parameters of a first copy. */
type Copy = {
  readonly remote: Remote;
  readonly id: string;
  readonly progress: RunProgress;
  readonly signal: AbortSignal;
};

/**
 * Creates the sync sessions of a machine and waits until everything is copied once.
 * @throws SiloError
 */
export async function copyFiles(
  remote: Remote,
  { id, layout }: MachineRecord,
  progress: RunProgress,
  signal: AbortSignal,
): Promise<void> {
  progress.stage("copying files");
  const create = (i: number) => {
    const sync = layout.syncs[i];
    return sync === undefined ? Promise.resolve() : createSync(remote, id, i, sync);
  };
  // The first session of each remote user is created alone, because it installs mutagen's agent for the others.
  const firsts = new Map(
    layout.syncs.map(({ kind }, i) => [kind === "ro", i] as const).toReversed(),
  );
  await Promise.all([...firsts.values()].map(create));
  signal.throwIfAborted();
  const others = layout.syncs.map((_, i) => i).filter((i) => ![...firsts.values()].includes(i));
  await Promise.all(others.map(create));
  signal.throwIfAborted();
  await flushAll({ remote, id, progress, signal });
}

/** Interval between progress messages. */
const LOOK_MS = 700;
const DAY_MS = 24 * 3_600_000;

/**
 * Flushes until everything is copied, and reports progress.
 * @throws SiloError if a file could not be copied.
 */
async function flushAll(copy: Copy): Promise<void> {
  const { remote, id } = copy;
  const end = performance.now() + LINK_MS;
  for (;;) {
    const failure = await withProgress(flush(remote, id, DAY_MS), copy);
    const { problems, transient } = uncopied(await syncSessions(remote, id));
    if (failure === "" && problems.length === 0) return;
    // After a lost connection mutagen reconnects by itself.
    if ((failure === "" && !transient) || performance.now() > end)
      throw notCopied(remote, problems, failure);
    await pause(LOOK_MS);
  }
}

async function withProgress(
  flushed: Promise<string>,
  { remote, id, progress, signal }: Copy,
): Promise<string> {
  for (;;) {
    const failure = await Promise.race([flushed, pause(LOOK_MS)]);
    signal.throwIfAborted();
    if (failure !== undefined) return failure;
    const text = progressText(await syncSessions(remote, id).catch(() => []));
    progress.stage(`copying files${text === "" ? "" : `: ${text}`}`);
  }
}

function notCopied({ provider }: Remote, problems: readonly string[], failure: string): SiloError {
  const detail = problems.length > 0 ? problems : [failure];
  const full = problems.some((problem) => /no space left/i.test(problem));
  return new SiloError(full ? "no space left for all files" : "copying files failed", {
    detail,
    hint: excludeHint(provider.settings),
  });
}
