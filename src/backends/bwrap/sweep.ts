import { readdir, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { holderOf } from "../../sys/state/locks.ts";

/** Matches the names of a prefix and its leftovers: `.building-*` during a build, `.old` after a replacement or removal. */
const LEFT = /^(silo-([a-z]+)-([0-9a-f]{16}))(\.building-\w+)?(\.old)?$/;

/** Deletes a directory tree, even if a package made directories in it read-only. Failures are ignored; a later sweep retries. */
export async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {});
}

/** Deletes the leftovers of killed builds of one prefix; the caller holds its build lock. */
export async function sweepBuilds(place: string): Promise<void> {
  await sweep(dirname(place), (prefix) => prefix === basename(place));
}

/** Deletes the leftovers of killed builds of every prefix, except for prefixes that are being built now. */
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
