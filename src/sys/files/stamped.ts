import { constants, type BigIntStats } from "node:fs";
import { lstat, open, unlink, type FileHandle } from "node:fs/promises";
import type { Content } from "../../core/reconcile.ts";
import { errorCode, SiloError } from "../../errors.ts";
import { pause } from "../process/pause.ts";
import { renameInto } from "./write.ts";

/** Size limit, because a guest may write without end; settings files are far smaller. */
const LARGEST = 64 * 1024 * 1024;

/** Owner and permissions of a file. */
export type Access = { readonly mode: number; readonly uid: number; readonly gid: number };

/** A file as it was read. All fields belong to the inode from which the content came. */
export type Reading = {
  /** Undefined if there is no file. */
  readonly content: Content;
  /** Change stamp; empty if there is no file. */
  readonly stamp: string;
  /** Device and inode; empty if there is no file. */
  readonly inode: string;
  /** The file changed while it was read, so the content may be a mixture. */
  readonly torn: boolean;
  /** Time since the last change; infinite if there is no file. */
  readonly ageMs: number;
  readonly access: Access | undefined;
};

const NOTHING: Reading = {
  content: undefined,
  stamp: "",
  inode: "",
  torn: false,
  ageMs: Infinity,
  access: undefined,
};

const inodeIn = ({ dev, ino }: BigIntStats) => `${dev}.${ino}`;
/** Includes the ctime, because no program can set it back. */
const stampIn = (found: BigIntStats) =>
  `${inodeIn(found)} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;

async function look(path: string): Promise<BigIntStats | undefined> {
  return await lstat(path, { bigint: true }).catch(() => undefined);
}

/** Change stamp of a path: inode, size, mtime and ctime in nanoseconds; empty if there is none. */
export async function changeStamp(path: string): Promise<string> {
  const found = await look(path);
  return found === undefined ? "" : stampIn(found);
}

/** Device and inode of a path, links not followed; empty if there is none. */
export async function inodeOf(path: string): Promise<string> {
  const found = await look(path);
  return found === undefined ? "" : inodeIn(found);
}

/**
 * Reads a whole regular file through one descriptor, and checks that it did not change meanwhile.
 * Links are not followed, because a guest may have replaced the file by one.
 * @throws SiloError if it is too large or not a regular file.
 */
export async function readStamped(path: string): Promise<Reading> {
  const file = await opened(path);
  if (file === undefined) return NOTHING;
  try {
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) throw new SiloError(`${path} is not a regular file`);
    if (before.size > LARGEST) throw new SiloError(`${path} is larger than 64 MiB`);
    const size = Number(before.size);
    const content = await readUpTo(file, size + 1);
    const stamp = stampIn(before);
    return {
      content,
      stamp,
      inode: inodeIn(before),
      torn: content.length !== size || stampIn(await file.stat({ bigint: true })) !== stamp,
      ageMs: age(Number(before.ctimeMs)),
      access: {
        mode: Number(before.mode % 0o1000n),
        uid: Number(before.uid),
        gid: Number(before.gid),
      },
    };
  } finally {
    await file.close();
  }
}

const TRIES = 20;
const PAUSE_MS = 20;

/**
 * Reads a file; waits up to half a second while it is being written.
 * @throws as `readStamped`.
 */
export async function readQuiet(path: string, quietMs: number): Promise<Reading> {
  for (let i = 0; ; i += 1) {
    const found = await readStamped(path);
    if ((!found.torn && found.ageMs >= quietMs) || i === TRIES) return found;
    await pause(PAUSE_MS);
  }
}

/** Time since a change; infinite for a time in the future, which comes from another machine's clock. */
function age(changedMs: number): number {
  const ms = Date.now() - changedMs;
  return ms < 0 ? Infinity : ms;
}

async function opened(path: string): Promise<FileHandle | undefined> {
  // eslint-disable-next-line no-bitwise -- flags of open(2)
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return await open(path, flags);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    // A link (ELOOP) or a socket (ENXIO).
    if (["ELOOP", "ENXIO"].includes(errorCode(error) ?? ""))
      throw new SiloError(`${path} is not a regular file`);
    throw error;
  }
}

/** Reads at most `limit` bytes, because a writer may append as fast as this reads. */
async function readUpTo(file: FileHandle, limit: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await file.read(buffer, length, limit - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/**
 * Writes a new file.
 * @param access owner and permissions; this user and 0600 if undefined.
 * @param durable flushes it to disk, because a file system may write an exchange of names before the data.
 * @throws if the file exists, or the disk is full.
 */
export async function writeNew(
  path: string,
  content: Uint8Array,
  access: Access | undefined,
  durable = false,
): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    if (access !== undefined) await give(file, access);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

/** Sets owner and permissions. Keeps this user as owner if chown(2) is refused, as programs that save by renaming do. */
async function give(file: FileHandle, { mode, uid, gid }: Access): Promise<void> {
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid)
    await file.chown(uid, gid).catch(() => file.chown(own.uid, gid).catch(() => {}));
  // Permissions of the old group must not pass to another group.
  const kept = (await file.stat()).gid === gid;
  await file.chmod(kept ? mode : mode - (Math.floor(mode / 8) % 8) * 8);
}

/** Replaces a file atomically, whatever it contains; keeps its permissions. */
export async function replace(path: string, content: Uint8Array): Promise<void> {
  const old = await look(path);
  const mode = old?.isFile() === true ? Number(old.mode % 0o1000n) : 0o600;
  await renameInto(path, content, mode);
}

/** Deletes a file if it exists. */
export async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
  });
}
