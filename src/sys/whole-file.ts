import { constants } from "node:fs";
import { lstat, open, rename, unlink, writeFile } from "node:fs/promises";
import { same, type Content } from "../core/reconcile.ts";
import { errorCode, SiloError } from "../errors.ts";

/** A file that tools keep their settings in is far smaller; what is larger was put there to be read for ever. */
const LARGEST = 64 * 1024 * 1024;
/** Who writes in place is done by then. */
const QUIET_MS = 60;

/** What changes when a file does: its inode, size and time in nanoseconds; empty where there is none. */
export async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await lstat(path, { bigint: true });
    return `${ino}.${size}.${mtimeNs}`;
  } catch {
    return "";
  }
}

/** Whether nobody has written to it just now. */
export async function settled(path: string): Promise<boolean> {
  try {
    const age = Date.now() - (await lstat(path)).mtimeMs;
    return age < 0 || age >= QUIET_MS;
  } catch {
    return true;
  }
}

/**
 * All of a regular file, no link followed: a guest may have put one in its place.
 * @returns undefined where there is none. @throws SiloError where it is too large or no file.
 */
export async function readWhole(path: string): Promise<Content> {
  // eslint-disable-next-line no-bitwise -- flags of open(2)
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    const file = await open(path, flags);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new SiloError(`${path} is no regular file`);
      if (found.size > LARGEST) throw new SiloError(`${path} is larger than 64 MiB`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Puts a file in place whole, where it still has what was read of it; keeps its permissions.
 * @returns false where it has changed meanwhile.
 */
export async function swapIn(
  path: string,
  content: Uint8Array,
  expected: Content,
): Promise<boolean> {
  return await put(path, content, async () => same(await readWhole(path), expected));
}

/** Puts a file in place whole, whatever is there. */
export async function replace(path: string, content: Uint8Array): Promise<void> {
  await put(path, content, () => Promise.resolve(true));
}

async function put(
  path: string,
  content: Uint8Array,
  still: () => Promise<boolean>,
): Promise<boolean> {
  const temporary = `${path}.silo-${crypto.randomUUID()}`;
  const mode = await lstat(path).then(
    (found) => (found.isFile() ? found.mode % 0o1000 : 0o600),
    () => 0o600,
  );
  try {
    await writeFile(temporary, content, { mode, flag: "wx" });
    const fits = await still();
    await (fits ? rename(temporary, path) : unlink(temporary));
    return fits;
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}
