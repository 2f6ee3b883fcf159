import { sha256 } from "../runtime/bun.ts";
import { directoriesBetween, displayPath, within } from "./paths.ts";
import type { Cache, Mount } from "./types.ts";

/** The caches of package managers: the parts of each, with their default paths. */
export const CACHES = {
  cargo: { "cargo-registry": "~/.cargo/registry", "cargo-git": "~/.cargo/git" },
  npm: { npm: "~/.npm" },
  pip: { pip: "~/.cache/pip" },
  go: { "go-mod": "~/go/pkg/mod", "go-build": "~/.cache/go-build" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type CacheName = keyof typeof CACHES;
export const CACHE_NAMES = Object.keys(CACHES) as [CacheName, ...CacheName[]];

/** The parts of the named caches, with their paths in the guest. */
function parts(names: readonly string[], home: string): readonly (readonly [string, string])[] {
  const known = Object.entries<Readonly<Record<string, string>>>(CACHES);
  return known
    .filter(([name]) => names.includes(name))
    .flatMap(([, paths]) => Object.entries(paths))
    .map(([part, path]) => [part, path.replace("~", home)] as const);
}

/** A key for the caches of one user and directory. */
export function cacheKey(uid: number, directory: string): string {
  return sha256(`${uid} ${directory}`).slice(0, 16);
}

/** The directories that an image needs for caches, because an engine would create them as root. */
export function cacheDirectories(names: readonly string[], home: string): readonly string[] {
  return parts(names, home).flatMap(([, path]) => [...directoriesBetween(home, path), path]);
}

/**
 * The caches of a run. A cache is left out if a mount covers its path, because it would hide the mount.
 * @param where `data` is the XDG data directory, in which some backends keep caches.
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
