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

/** open(2), Linux, on x86-64 and arm64: names a file without opening it for reading. */
const O_PATH = 0x20_0000;

/**
 * The mounts with the device and inode of each source, for the guest to compare with what it got.
 * @param planned those that a dry run only shows: a source that does not exist yet has no id.
 * @throws SiloError where a source is not the file or directory any more that was planned.
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

/** A file or directory, by a path that no link leads through; undefined where one does. */
function statNoLinks(path: string): BigIntStats | undefined {
  if (process.platform !== "linux") {
    const found = lstatSync(path, { bigint: true });
    return realpathSync.native(path) === path ? found : undefined;
  }
  // eslint-disable-next-line no-bitwise -- flags of open(2)
  const file = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    // The descriptor stays with what it names, whatever happens to the path.
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
