import { sha256 } from "../runtime/bun.ts";
import { directoriesBetween, displayPath, within } from "./paths.ts";
import type { Cache, Mount } from "./types.ts";

/** The caches of package managers: the parts of each, and where their programs keep them by themselves. */
export const CACHES = {
  cargo: { "cargo-registry": "~/.cargo/registry", "cargo-git": "~/.cargo/git" },
  npm: { npm: "~/.npm" },
  pip: { pip: "~/.cache/pip" },
  go: { "go-mod": "~/go/pkg/mod", "go-build": "~/.cache/go-build" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type CacheName = keyof typeof CACHES;
export const CACHE_NAMES = Object.keys(CACHES) as [CacheName, ...CacheName[]];

/** The parts of the named caches, with their places in the guest. */
function parts(names: readonly string[], home: string): readonly (readonly [string, string])[] {
  const known = Object.entries<Readonly<Record<string, string>>>(CACHES);
  return known
    .filter(([name]) => names.includes(name))
    .flatMap(([, paths]) => Object.entries(paths))
    .map(([part, path]) => [part, path.replace("~", home)] as const);
}

/** Tells the caches of one user's directory from all others. */
export function cacheKey(uid: number, directory: string): string {
  return sha256(`${uid} ${directory}`).slice(0, 16);
}

/** The directories that an image needs for caches, which an engine would make as root. */
export function cacheDirectories(names: readonly string[], home: string): readonly string[] {
  return parts(names, home).flatMap(([, path]) => [...directoriesBetween(home, path), path]);
}

/**
 * The caches of a run. One is left out where a mount has its place already: it would hide what was asked for.
 * @param data the XDG data directory, below which the caches are that are directories of the host.
 */
export function planCaches(
  names: readonly string[],
  where: { readonly home: string; readonly data: string; readonly key: string },
  mounts: readonly Mount[],
): { readonly caches: readonly Cache[]; readonly warnings: readonly string[] } {
  const { home, data, key } = where;
  const warnings: string[] = [];
  const caches = parts(names, home).flatMap(([name, target]) => {
    const covered = mounts.some(
      (mount) => within(mount.target, target) || within(target, mount.target),
    );
    if (!covered) return [{ name, key, target, directory: `${data}/silo/caches/${key}/${name}` }];
    warnings.push(`the cache ${name} is not used, because ${displayPath(target, home)} is mounted`);
    return [];
  });
  return { caches, warnings };
}
