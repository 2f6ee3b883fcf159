import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
} from "node:fs";
import type { BigIntStats } from "node:fs";
import type { Mount } from "../../core/types.ts";
import { SiloError } from "../../errors.ts";
import { orUndefined } from "./peek.ts";

/** Flag of open(2) on Linux (x86-64 and arm64) that refers to a file without opening it for reading. */
const O_PATH = 0x20_0000;

/**
 * Adds the device and inode of each source to the mounts, so that the guest can compare them with its mounts.
 * @param planned for a dry run, in which a source that does not exist yet gets no id.
 * @throws SiloError if a source is no longer the file or directory that was planned.
 */
export function withIds(mounts: readonly Mount[], planned = false): readonly Mount[] {
  return mounts.map((mount) => {
    const found = orUndefined(() => statNoLinks(mount.source));
    const fits = mount.kind === "dir" ? found?.isDirectory() : found?.isFile();
    if (found === undefined && planned) return mount;
    if (found === undefined || fits !== true) throw replaced(mount.source);
    return { ...mount, id: `${found.dev}:${found.ino}` };
  });
}

/** The status of a file or directory; undefined if its path contains a link. */
function statNoLinks(path: string): BigIntStats | undefined {
  if (process.platform !== "linux") {
    const found = lstatSync(path, { bigint: true });
    return realpathSync.native(path) === path ? found : undefined;
  }
  // eslint-disable-next-line no-bitwise -- flags of open(2)
  const file = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    // The descriptor keeps referring to the same file if the path is replaced.
    return readlinkSync(`/proc/self/fd/${file}`) === path
      ? fstatSync(file, { bigint: true })
      : undefined;
  } finally {
    closeSync(file);
  }
}

function replaced(path: string): SiloError {
  return new SiloError(`${path} was replaced on the host while silo started; nothing was run`, {
    hint: "check what replaced it, then start again",
  });
}
