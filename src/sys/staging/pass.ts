import { pause } from "../process/pause.ts";
import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { reconcile, same, syncOnce, type Content, type Sides } from "../../core/reconcile.ts";
import { SiloError } from "../../errors.ts";
import { saveBeside } from "./conflict-file.ts";
import type { Displaced } from "./displaced.ts";
import { waitForLock } from "../state/locks.ts";
import { baseOf, copyOf, spotsOf, type Pace, type Stage, type StagedFile } from "./stage.ts";
import { readStamped, replace, changeStamp, type Reading } from "../files/stamped.ts";

/** Retries of the last pass while the host's file is being written, and the pause between them. */
const TRIES = 200;
const PAUSE_MS = 20;

/** State of a process that syncs a stage. */
export type Work = {
  readonly stage: Stage;
  readonly pace: Pace;
  readonly displaced: Displaced;
  readonly warn: (text: string) => void;
};

/**
 * Syncs one file if a side has changed.
 * @param seen change stamps by file, as read when both sides were in sync; never newer than the content read.
 */
export async function visit(
  work: Work,
  file: StagedFile,
  seen: Map<string, string>,
): Promise<void> {
  const { stage, displaced } = work;
  const spots = spotsOf(stage, file);
  for (const spot of [spots.host, spots.guest]) {
    if (await displaced.due(spot)) await locked(stage, file, () => displaced.settle(spot, false));
  }
  const stamps = `${await changeStamp(file.host)} ${await changeStamp(spots.guest.path)}`;
  if (stamps === seen.get(file.name)) return;
  const found = await pass(work, file, false);
  if (found.seen !== undefined) seen.set(file.name, found.seen);
}

/** Final sync of one file: the guest's side once, because it has exited; the host's until it is quiet. */
export async function finishFile(work: Work, file: StagedFile): Promise<void> {
  const { stage, displaced } = work;
  const { host, guest } = spotsOf(stage, file);
  let synced = file.mode === "ro";
  for (let i = 0; i < TRIES; i += 1) {
    if (displaced.empty(host) && displaced.empty(guest)) {
      if (!synced) synced = (await pass(work, file, true)).done;
      if (synced && displaced.empty(host)) return;
    }
    if (i > 0) await pause(PAUSE_MS);
    for (const spot of [guest, host]) await locked(stage, file, () => displaced.settle(spot, true));
  }
  throw new SiloError(`${file.host} keeps changing`);
}

/** Result of a comparison; `seen` has the stamps that were read if both sides are in sync. */
type Found = { readonly done: boolean; readonly seen?: string };

/** Compares a file once and writes the changes. @returns not done if a side changed meanwhile; the caller retries. */
async function pass(work: Work, file: StagedFile, final: boolean): Promise<Found> {
  const { stage, pace } = work;
  const read = async () => {
    await refuseLinks(file.host);
    return {
      base: (await readStamped(baseOf(stage, file))).content,
      host: await readStamped(file.host),
      guest: await readStamped(copyOf(stage, file)),
    };
  };
  const { base, host, guest } = await read();
  const quiet = ({ ageMs }: Reading) => ageMs >= pace.quietMs;
  if (host.torn || guest.torn || !quiet(host) || (!final && !quiet(guest))) return { done: false };
  if (idle(file, { base, host: host.content, guest: guest.content }, final))
    return { done: true, seen: `${host.stamp} ${guest.stamp}` };
  // Another silo process may have a copy of the same file.
  return { done: await locked(stage, file, () => sync(work, file, final, read)) };
}

function idle({ mode }: StagedFile, sides: Sides, final: boolean): boolean {
  if (mode === "ro") return sides.host === undefined || same(sides.host, sides.guest);
  const step = reconcile(sides, final);
  if (step.host !== undefined || step.saved !== undefined) return false;
  return final || (step.guest === undefined && same(step.base, sides.base));
}

type Read = { readonly base: Content; readonly host: Reading; readonly guest: Reading };

async function sync(
  { stage, displaced, warn }: Work,
  file: StagedFile,
  final: boolean,
  readAll: () => Promise<Read>,
): Promise<boolean> {
  const spots = spotsOf(stage, file);
  const { base, host, guest } = await readAll();
  if (host.torn || guest.torn) return false;
  if (file.mode === "ro")
    return host.content === undefined || (await displaced.swap(spots.guest, host.content, guest));
  return await syncOnce(
    {
      read: () => Promise.resolve({ base, host: host.content, guest: guest.content }),
      swapHost: (content) => displaced.swap(spots.host, content, host),
      // The final sync skips the copy and the base, because both are deleted afterwards.
      swapGuest: (content) =>
        final ? Promise.resolve(true) : displaced.swap(spots.guest, content, guest),
      keepBase: (content) => (final ? Promise.resolve() : replace(baseOf(stage, file), content)),
      save: async (content) => warn(await saveBeside(file.host, content)),
    },
    final,
  );
}

/**
 * Refuses links in a host path. Its links were resolved at the start, so a link there now was made by a program that
 * can write to a directory above, such as another project's agent, and leads to a file that was not configured.
 * @throws SiloError if there is one.
 */
async function refuseLinks(host: string): Promise<void> {
  for (let path = dirname(host); path !== dirname(path); path = dirname(path)) {
    const found = await lstat(path).catch(() => undefined);
    if (found?.isSymbolicLink() === true) throw new SiloError(`${path} is now a link`);
  }
}

async function locked<T>(stage: Stage, file: StagedFile, work: () => Promise<T>): Promise<T> {
  const lock = await waitForLock(stage.state, `file ${file.host}`);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
