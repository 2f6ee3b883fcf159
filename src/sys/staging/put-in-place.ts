import { linkSync, renameSync } from "node:fs";
import { link, rename, unlink } from "node:fs/promises";
import { same, type Content } from "../../core/reconcile.ts";
import { errorCode } from "../../errors.ts";
import { exchange } from "../files/exchange.ts";
import { inodeOf, readStamped, changeStamp, type Reading } from "../files/stamped.ts";

/** Names of one replacement, all on the file system of `path`. */
export type Names = {
  /** The file to replace. */
  readonly path: string;
  /** The new content, complete. */
  readonly fresh: string;
  /** Free; holds afterwards what was replaced. */
  readonly aside: string;
};

/**
 * What became of a replacement: `displaced` = done, and `aside` holds what was replaced, which need not be what
 * was expected; `placed` = done, and nothing was replaced or could be kept; `moved` = not done, since the file
 * is not the expected one any more.
 */
export type Placed = "displaced" | "placed" | "moved";

/**
 * Replaces a file by an exchange of names, so that whatever was there, at that very instant, still has a name.
 * Without exchange (see `exchange`) the file that was read keeps a second name by a hard link: a later write to
 * it is still seen, but a file that is renamed into place between link and rename, microseconds apart, is lost.
 * Without hard links (vfat, some network mounts) a write in place in the same microseconds is lost, too.
 * @param expected as it was read from `path`.
 * @param swap exchanges two names in one step.
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
  // Only what is complete gets the name that is looked at after a crash.
  await rename(fresh, aside);
  const said = await swap(aside, path);
  const now = await inodeOf(aside);
  // The helper may have been killed after its only call, so the inodes decide.
  if (now !== own && now !== "") return "displaced";
  if (said === "gone" || now === "") return "moved";
  await rename(aside, fresh);
  return await replaceLinked(names, expected);
}

/** Puts a file where there must be none. */
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
  // On macOS link(2) follows a symbolic link, so inode and content have to be those that were read.
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

/** Where a file system, its server or the kernel (fs.protected_hardlinks) allows no hard link. */
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
