import { link, mkdir, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { object } from "../../core/json.ts";
import { errorCode } from "../../errors.ts";
import { sha256 } from "../../runtime/bun.ts";
import { orUndefined, tryRead } from "../files/peek.ts";
import { pause } from "../process/pause.ts";
import { processStart, processStarts } from "../process/table.ts";

/** A lock that this process holds. */
export type Lock = { readonly release: () => Promise<void> };

/** The lock holder. */
export type Holder = { readonly pid: number };

type Content = { readonly pid: number; readonly started: string };

const lockDirectory = (state: string) => `${state}/silo/locks`;

const lockPath = (state: string, name: string) =>
  `${lockDirectory(state)}/${sha256(name).slice(0, 24)}`;

/** The lock holder; undefined if no running process holds the lock. */
export async function holderOf(state: string, name: string): Promise<Holder | undefined> {
  const holder = parse(tryRead(lockPath(state, name)));
  return holder !== undefined && (await lives(holder)) ? { pid: holder.pid } : undefined;
}

/**
 * Takes the lock of that name unless a running process holds it; breaks a stale lock.
 * A lock is a file that names its holder, created atomically by a hard link.
 */
export async function tryLock(state: string, name: string): Promise<Lock | Holder> {
  const directory = lockDirectory(state);
  const path = lockPath(state, name);
  const own = `${path}.${crypto.randomUUID()}`;
  const content: Content = { pid: process.pid, started: await processStart() };
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(own, JSON.stringify(content), { mode: 0o600 });
  try {
    for (;;) {
      if (await linked(own, path)) return { release: () => remove(path) };
      const text = tryRead(path);
      // The lock disappeared meanwhile: retry, and never remove a lock taken by another process.
      if (text === undefined) continue;
      const holder = parse(text);
      if (holder !== undefined && (await lives(holder))) return { pid: holder.pid };
      await discard(path, text);
    }
  } finally {
    await remove(own);
  }
}

/** Takes the lock, waiting for its holder. @returns also whether it had to wait. @throws when the signal aborts. */
export async function waitForLock(
  state: string,
  name: string,
  onWait: (holder: Holder) => void = () => {},
  signal?: AbortSignal,
): Promise<Lock & { readonly waited: boolean }> {
  let waited = false;
  for (;;) {
    signal?.throwIfAborted();
    const result = await tryLock(state, name);
    if ("release" in result) return { ...result, waited };
    if (!waited) onWait(result);
    waited = true;
    await pause(200, signal);
  }
}

async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Age after which a guard directory is stale. */
const DISCARD_MS = 5_000;

/** Breaks a stale lock. Serialised, so that a fresh lock is never removed. */
async function discard(path: string, text: string): Promise<void> {
  const guard = `${path}.discard`;
  try {
    await mkdir(guard);
  } catch {
    const made = await stat(guard).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > DISCARD_MS)
      await rmdir(guard).catch(() => {});
    await pause(5);
    return;
  }
  if (tryRead(path) === text) await remove(path);
  await rmdir(guard);
}

async function lives({ pid, started }: Content): Promise<boolean> {
  return (await processStarts([pid])).get(pid) === started;
}

function parse(text: string | undefined): Content | undefined {
  const { pid, started } = object(orUndefined(() => JSON.parse(text ?? "")));
  return typeof pid === "number" && typeof started === "string" ? { pid, started } : undefined;
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch(() => {});
}
