import { linkSync, renameSync } from "node:fs";
import { link, rename, unlink } from "node:fs/promises";
import { same, type Content } from "../../core/reconcile.ts";
import { errorCode } from "../../errors.ts";
import { exchange } from "../files/exchange.ts";
import { inodeOf, readStamped, changeStamp, type Reading } from "../files/stamped.ts";

/** Paths of one replacement, all on one file system. */
export type Names = {
  /** The file to replace. */
  readonly path: string;
  /** The complete new file. */
  readonly fresh: string;
  /** An unused path; holds the replaced file afterwards. */
  readonly aside: string;
};

/**
 * Result of a replacement: `displaced` = done, and `aside` holds the replaced file, which may not be the expected
 * one; `placed` = done, but there is no replaced file or it could not be kept; `moved` = not done, because the file
 * is no longer the expected one.
 */
export type Placed = "displaced" | "placed" | "moved";

/**
 * Replaces a file by exchanging two names, so that the replaced file always keeps a name.
 * If names cannot be exchanged (see `exchange`), the file that was read keeps a hard link: later writes to it are
 * still seen, but a file that is renamed into place between link and rename, microseconds apart, is lost.
 * Without hard links (vfat, some network mounts) a write in place during these microseconds is lost, too.
 * @param expected the file as it was read from `path`.
 * @param swap exchanges two names atomically.
 */
export async function putInPlace(
  names: Names,
  expected: Reading,
  swap: typeof exchange = exchange,
): Promise<Placed> {
  const { path, fresh, aside } = names;
  if (expected.content === undefined) return await create(path, fresh);
  if ((await changeStamp(path)) !== expected.stamp) return "moved";
  const own = await inodeOf(fresh);
  // Only a complete file gets the name that is read after a crash.
  await rename(fresh, aside);
  const said = await swap(aside, path);
  const now = await inodeOf(aside);
  // The inodes decide, because the helper may have been killed after the exchange.
  if (now !== own && now !== "") return "displaced";
  if (said === "gone" || now === "") return "moved";
  await rename(aside, fresh);
  return await replaceLinked(names, expected);
}

/** Puts the file in place if there is none. */
async function create(path: string, fresh: string): Promise<Placed> {
  try {
    await link(fresh, path);
    return "placed";
  } catch (error) {
    if (errorCode(error) === "EEXIST") return "moved";
    if (!linkless(error)) throw error;
  }
  if ((await inodeOf(path)) !== "") return "moved";
  renameSync(fresh, path);
  return "placed";
}

async function replaceLinked({ path, fresh, aside }: Names, expected: Reading): Promise<Placed> {
  try {
    linkSync(path, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "moved";
    if (!linkless(error)) throw error;
    if ((await changeStamp(path)) !== expected.stamp) return "moved";
    renameSync(fresh, path);
    return "placed";
  }
  // Inode and content must be those that were read, because on macOS link(2) follows a symbolic link.
  const fits = async () =>
    (await inodeOf(aside)) === expected.inode &&
    same(await contentOf(aside), expected.content) &&
    (await inodeOf(path)) === expected.inode;
  if (!(await fits())) {
    await unlink(aside);
    return "moved";
  }
  renameSync(fresh, path);
  return "displaced";
}

async function contentOf(path: string): Promise<Content> {
  return await readStamped(path).then(
    ({ content }) => content,
    () => undefined,
  );
}

/** Whether the file system, its server or the kernel (fs.protected_hardlinks) does not allow a hard link. */
function linkless(error: unknown): boolean {
  return [
    "EPERM",
    "EACCES",
    "ENOTSUP",
    "EOPNOTSUPP",
    "ENOSYS",
    "EMLINK",
    "EINVAL",
    "EXDEV",
  ].includes(errorCode(error) ?? "");
}
