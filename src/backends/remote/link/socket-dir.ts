import { lstat, mkdir } from "node:fs/promises";
import { SiloError } from "../../../errors.ts";
import { sha256 } from "../../../runtime/bun.ts";

/**
 * A private folder for sockets, whose paths have to be short: the wanted one where it is, else one in /tmp, where
 * anybody could have made it before. @throws SiloError where it is somebody else's.
 * @param longest bytes of the folder's own path.
 */
export async function shortFolder(
  wanted: string,
  longest: number,
  uid: number,
  name: string,
): Promise<string> {
  const fits = Buffer.byteLength(wanted) <= longest;
  const base = `/tmp/silo-${uid}`;
  // Two homes of one user must not meet there.
  const folder = fits ? wanted : `${base}/${name}-${sha256(wanted).slice(0, 8)}`;
  await mkdir(fits ? folder : base, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = await lstat(fits ? folder : base);
  if (owner !== uid || (mode & 0o077) !== 0)
    throw new SiloError(`${fits ? folder : base} is somebody else's, and silo needs it`, {
      hint: `ls -ld ${fits ? folder : base}`,
    });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
