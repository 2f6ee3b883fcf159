import {
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { rename } from "node:fs/promises";
import type { Cache } from "../../core/types.ts";
import { orUndefined } from "./peek.ts";

/** Creates the directories of caches that are mounted from the host. */
export function makeCaches(caches: readonly Cache[]): void {
  for (const { directory } of caches) mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** Caches that are directories of the host. */
export function hostCaches(
  data: string,
): readonly { readonly reference: string; readonly key: string; readonly created: string }[] {
  const folder = `${data}/silo/caches`;
  return (orUndefined(() => readdirSync(folder)) ?? []).flatMap((name) => {
    const found = orUndefined(() => lstatSync(`${folder}/${name}`));
    if (found?.isDirectory() !== true) return [];
    const key = name.replace(REMOVED, "");
    return [{ reference: `${folder}/${name}`, key, created: found.birthtime.toISOString() }];
  });
}

const REMOVED = /\.removed$/;

/** Deletes a cache directory. Renames it first, so that no run mounts a half-deleted one. */
export async function removeHostCache(path: string): Promise<void> {
  const aside = REMOVED.test(path) ? path : `${path}.removed`;
  if (aside !== path) await rename(path, aside);
  open(aside);
  rmSync(aside, { recursive: true, force: true });
}

/**
 * Makes all directories writable, because Go makes those of its modules read-only. Works by descriptor and follows no
 * link, because a running tool could replace a directory by a link meanwhile.
 */
function open(directory: string): void {
  // eslint-disable-next-line no-bitwise -- flags of open(2)
  const file = openSync(directory, constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fchmodSync(file, 0o700);
    const here = process.platform === "linux" ? `/proc/self/fd/${file}` : directory;
    for (const entry of readdirSync(here, { withFileTypes: true }))
      if (entry.isDirectory()) open(`${here}/${entry.name}`);
  } finally {
    closeSync(file);
  }
}
