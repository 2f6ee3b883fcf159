import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { same, syncOnce, type Content } from "../core/reconcile.ts";
import { errorText } from "../errors.ts";
import { waitForLock } from "./locks.ts";
import { readWhole, replace, settled, stampOf, swapIn } from "./whole-file.ts";

/** A single file of the host of which a guest has a private copy. */
export type StagedFile = {
  /** Absolute, links resolved. */
  readonly host: string;
  /** The copy's name in its directory; never a path, so that no link of the guest's can lead out. */
  readonly name: string;
  readonly mode: "ro" | "rw";
};

/** Where a session's copies are. Only `rw` and `ro` are shown to the guest. */
export type Stage = {
  readonly state: string;
  readonly root: string;
  readonly files: readonly StagedFile[];
};

const INTERVAL_MS = 250;

/** @param state the XDG state directory. */
export function stageRoot(state: string, session: string): string {
  return `${state}/silo/staged/${session}`;
}

/** Names for the copies of these files, in order. */
export function stagedFiles(
  files: readonly { readonly source: string; readonly mode: "ro" | "rw" }[],
): readonly StagedFile[] {
  return files.map(({ source, mode }, i) => ({
    host: source,
    mode,
    name: `${i}-${basename(source)}`,
  }));
}

const copyOf = ({ root }: Stage, { mode, name }: StagedFile) => `${root}/${mode}/${name}`;
const baseOf = ({ root }: Stage, { name }: StagedFile) => `${root}/base/${name}`;

/** Makes the copies. */
export async function openStage(
  state: string,
  session: string,
  files: readonly StagedFile[],
): Promise<Stage> {
  const stage = { state, root: stageRoot(state, session), files };
  if (files.length === 0) return stage;
  for (const part of ["base", "rw", "ro"])
    await mkdir(`${stage.root}/${part}`, { recursive: true, mode: 0o700 });
  await writeFile(`${stage.root}/files.json`, JSON.stringify(files), { mode: 0o600 });
  for (const file of files) {
    const content = await readWhole(file.host);
    if (content === undefined) continue;
    await writeFile(baseOf(stage, file), content, { mode: 0o600 });
    await writeFile(copyOf(stage, file), content, { mode: 0o600 });
  }
  return stage;
}

/** The stage that a dead silo left; undefined where there is none. */
export async function leftStage(state: string, session: string): Promise<Stage | undefined> {
  const root = stageRoot(state, session);
  try {
    const files = JSON.parse(await readFile(`${root}/files.json`, "utf8")) as StagedFile[];
    return { state, root, files };
  } catch {
    // One that died before the list was written had shown nothing to a guest.
    await rm(root, { recursive: true, force: true }).catch(() => {});
    return undefined;
  }
}

/** Keeps both sides alike until the returned function is called, which does it once more and ends the stage. */
export function watchStage(stage: Stage): () => Promise<readonly string[]> {
  if (stage.files.length === 0) return () => Promise.resolve([]);
  const seen = new Map<string, string>();
  const warnings: string[] = [];
  let turning: Promise<void> | undefined;
  const turn = async () => {
    for (const file of stage.files) {
      const stamp = await stampsOf(stage, file);
      if (stamp === seen.get(file.name)) continue;
      // What fails now is told when it fails in the end.
      const done = await pass(stage, file, false, (text) => warnings.push(text)).catch(() => false);
      if (done) seen.set(file.name, await stampsOf(stage, file));
    }
    turning = undefined;
  };
  const timer = setInterval(() => {
    turning ??= turn();
  }, INTERVAL_MS);
  return async () => {
    clearInterval(timer);
    await turning;
    return [...warnings, ...(await endStage(stage))];
  };
}

async function stampsOf(stage: Stage, file: StagedFile): Promise<string> {
  return `${await stampOf(file.host)} ${await stampOf(copyOf(stage, file))}`;
}

/** Brings the guest's last words home and deletes the copies. @returns what the user should know. */
export async function endStage(stage: Stage): Promise<readonly string[]> {
  const warnings: string[] = [];
  let whole = true;
  for (const file of stage.files) {
    try {
      while (!(await pass(stage, file, true, (text) => warnings.push(text)))) continue;
    } catch (error) {
      whole = false;
      warnings.push(
        `${file.host} could not be brought up to date: ${errorText(error)}; the tool's copy is ${copyOf(stage, file)}`,
      );
    }
  }
  if (whole) await rm(stage.root, { recursive: true, force: true });
  return warnings;
}

/** Compares a file once and writes what follows. @returns false where a side moved meanwhile: try again. */
async function pass(
  stage: Stage,
  file: StagedFile,
  final: boolean,
  warn: (text: string) => void,
): Promise<boolean> {
  const copy = copyOf(stage, file);
  if (!final && !((await settled(file.host)) && (await settled(copy)))) return false;
  const read = async () => ({
    base: await readWhole(baseOf(stage, file)),
    host: await readWhole(file.host),
    guest: await readWhole(copy),
  });
  const { host, guest } = await read();
  if (file.mode === "ro") return await showHost(copy, host, guest);
  if (same(host, guest) && final) return true;
  // Another silo may have a copy of the same file.
  const { signal } = new AbortController();
  const lock = await waitForLock(stage.state, `file ${file.host}`, () => {}, signal);
  try {
    const ends = {
      read,
      swapHost: (content: Uint8Array, expected: Content) => swapIn(file.host, content, expected),
      swapGuest: (content: Uint8Array, expected: Content) => swapIn(copy, content, expected),
      keepBase: (content: Uint8Array) => replace(baseOf(stage, file), content),
      save: async (content: Uint8Array) => warn(await saveBeside(file.host, content)),
    };
    return await syncOnce(ends, final);
  } finally {
    await lock.release();
  }
}

async function showHost(copy: string, host: Content, guest: Content): Promise<boolean> {
  return host === undefined || same(host, guest) || (await swapIn(copy, host, guest));
}

async function saveBeside(host: string, saved: Uint8Array): Promise<string> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  for (let i = 0; ; i += 1) {
    const path = `${host}.silo-conflict-${time}${i === 0 ? "" : `-${i}`}`;
    try {
      await writeFile(path, saved, { mode: 0o600, flag: "wx" });
      return `${host} was changed here and by the tool; the tool's version is ${path}`;
    } catch (error) {
      if (i > 99 || !(error instanceof Error && "code" in error && error.code === "EEXIST"))
        throw error;
    }
  }
}
