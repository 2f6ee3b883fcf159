import { readdir, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { holderOf } from "../../sys/state/locks.ts";

/** Folders beside a prefix: one that is being built, and one that was replaced or removed. */
const LEFT = /^(silo-([a-z]+)-([0-9a-f]{16}))(\.building-\w+)?(\.old)?$/;

/** Deletes a tree, also where a package has made directories that cannot be written. */
export async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {});
}

/** Deletes what killed builds of one prefix have left; the caller holds the lock of its build. */
export async function sweepBuilds(place: string): Promise<void> {
  await sweep(dirname(place), (prefix) => prefix === basename(place));
}

/** Deletes what killed builds of every prefix have left, but for those that are being built. */
export async function sweepAll(folder: string, state: string): Promise<void> {
  await sweep(folder, async (_, tool, hash) => {
    const lock = `build bwrap silo-${tool}:${hash}`;
    return (await holderOf(state, lock)) === undefined;
  });
}

async function sweep(
  folder: string,
  isDead: (prefix: string, tool: string, hash: string) => boolean | Promise<boolean>,
): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, prefix = "", tool = "", hash = "", building, old] = LEFT.exec(name) ?? [];
    if (building === undefined && old === undefined) continue;
    if (await isDead(prefix, tool, hash)) await discard(`${folder}/${name}`);
  }
}
