import { lstat, mkdir } from "node:fs/promises";
import { SiloError } from "../../../errors.ts";
import { sha256 } from "../../../runtime/bun.ts";

/**
 * Creates a private directory for sockets, whose paths have to be short.
 * @param longest bytes that the directory's path may have.
 * @returns `wanted` if it is short enough, else a directory in /tmp.
 * @throws SiloError if the directory in /tmp belongs to another user, who may have created it before.
 */
export async function socketDir(
  wanted: string,
  longest: number,
  uid: number,
  name: string,
): Promise<string> {
  const fits = Buffer.byteLength(wanted) <= longest;
  const base = `/tmp/silo-${uid}`;
  // The hash keeps two home directories of one user apart.
  const folder = fits ? wanted : `${base}/${name}-${sha256(wanted).slice(0, 8)}`;
  const own = fits ? folder : base;
  await mkdir(own, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = await lstat(own);
  if (owner !== uid || (mode & 0o077) !== 0)
    throw new SiloError(
      `${own} must be owned by you and have mode 0700, since silo puts its sockets there`,
      { hint: `ls -ld ${own}` },
    );
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
