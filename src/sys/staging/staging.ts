import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { errorCode, errorText } from "../../errors.ts";
import { saveBeside } from "./conflict-file.ts";
import { Displaced } from "./displaced.ts";
import type { Spot } from "./kept.ts";
import { waitForLock } from "../state/locks.ts";
import {
  baseOf,
  copyOf,
  fileOfSpot,
  keptIn,
  PACE,
  spotsOf,
  stageRoot,
  type Pace,
  type Stage,
  type StagedFile,
} from "./stage.ts";
import { finishFile, visit, type Work } from "./pass.ts";
import { readQuiet, replace } from "../files/stamped.ts";

export { stagedFiles, stageRoot } from "./stage.ts";

/** Creates the copies. Each appears atomically, because a later command syncs back the copies of a killed process. */
export async function openStage(
  state: string,
  session: string,
  files: readonly StagedFile[],
): Promise<Stage> {
  const stage = { state, root: stageRoot(state, session), files };
  if (files.length === 0) return stage;
  for (const part of ["base", "rw", "ro", "kept"])
    await mkdir(`${stage.root}/${part}`, { recursive: true, mode: 0o700 });
  await writeFile(`${stage.root}/files.json`, JSON.stringify(files), { mode: 0o600 });
  for (const file of files) {
    const { content } = await readQuiet(file.host, PACE.quietMs);
    if (content === undefined) continue;
    await replace(baseOf(stage, file), content);
    await replace(copyOf(stage, file), content);
  }
  return stage;
}

/** The stage of a killed process; undefined if there is none. */
export async function leftStage(state: string, session: string): Promise<Stage | undefined> {
  const root = stageRoot(state, session);
  try {
    const files = JSON.parse(await readFile(`${root}/files.json`, "utf8")) as StagedFile[];
    return { state, root, files };
  } catch (error) {
    // Without a complete list no guest was started yet.
    if (errorCode(error) === "ENOENT" || error instanceof SyntaxError)
      await rm(root, { recursive: true, force: true }).catch(() => {});
    return undefined;
  }
}

/** Keeps host files and guest copies in sync; call the returned function for a final sync and cleanup. */
export function watchStage(stage: Stage, pace: Pace = PACE): () => Promise<readonly string[]> {
  if (stage.files.length === 0) return () => Promise.resolve([]);
  const seen = new Map<string, string>();
  const warnings: string[] = [];
  const work = workOn(stage, pace, warnings);
  let turning: Promise<void> | undefined;
  const turn = async () => {
    for (const file of stage.files) {
      // An error that persists is reported by the final sync.
      await visit(work, file, seen).catch(() => {});
    }
    turning = undefined;
  };
  const timer = setInterval(() => {
    turning ??= turn();
  }, pace.intervalMs);
  return async () => {
    clearInterval(timer);
    await turning;
    await finish(work);
    return warnings;
  };
}

/**
 * Final sync of a stage that a killed process left; then deletes the copies.
 * @returns warnings for the user.
 */
export async function endStage(stage: Stage): Promise<readonly string[]> {
  const warnings: string[] = [];
  const work = workOn(stage, PACE, warnings);
  const lock = await waitForLock(stage.state, `stage ${stage.root}`);
  try {
    // Another command may have ended it meanwhile.
    if ((await readFile(`${stage.root}/files.json`).catch(() => undefined)) === undefined)
      return [];
    const spots = stage.files.map((file) => spotsOf(stage, file));
    await work.displaced.load(spots.flatMap(({ host, guest }) => [host, guest]));
    await finish(work);
    return warnings;
  } finally {
    await lock.release();
  }
}

async function finish(work: Work): Promise<void> {
  const { stage, warn } = work;
  let whole = true;
  for (const file of stage.files) {
    try {
      await finishFile(work, file);
    } catch (error) {
      whole = false;
      warn(
        `cannot sync ${file.host}: ${errorText(error)}; the tool's copy is ${copyOf(stage, file)}`,
      );
    }
  }
  if (whole) await rm(stage.root, { recursive: true, force: true });
}

function workOn(stage: Stage, pace: Pace, warnings: string[]): Work {
  const warn = (text: string) => void warnings.push(text);
  const save = async (spot: Spot, content: Uint8Array) => {
    const file = fileOfSpot(stage, spot);
    if (file !== undefined) warn(await saveBeside(file.host, content));
  };
  return { stage, pace, warn, displaced: new Displaced(keptIn(stage), pace, save) };
}
