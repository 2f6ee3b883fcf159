import { lstat, mkdir } from "node:fs/promises";
import { SiloError } from "../../../errors.ts";
import { sha256 } from "../../../runtime/bun.ts";

/**
 * Creates a private directory for sockets, whose paths must be short.
 * @param longest maximum length of the directory's path in bytes.
 * @returns `wanted` if it is short enough, else a directory in /tmp.
 * @throws SiloError if the directory in /tmp belongs to another user.
 */
export async function socketDir(
  wanted: string,
  longest: number,
  uid: number,
  name: string,
): Promise<string> {
  const fits = Buffer.byteLength(wanted) <= longest;
  const base = `/tmp/silo-${uid}`;
  // The hash distinguishes several state directories of one user.
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
