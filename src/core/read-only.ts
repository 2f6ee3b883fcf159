import { directoriesBetween, within } from "./paths.ts";
import type { Mount } from "./types.ts";

/** The real path of a host file or directory that the tool may only read. */
export type ReadOnly = Pick<Mount, "kind" | "from"> & { readonly real: string };

const depth = (path: string) => path.split("/").length;

/**
 * Adds read-only mounts wherever a writable mount contains a read-only path, including under a second name of a linked
 * directory. Directories in between become mounts too, because the tool could otherwise rename one and create another
 * in its place.
 * @returns all mounts, outer ones first.
 */
export function guardReadOnly(
  mounts: readonly Mount[],
  paths: readonly ReadOnly[],
): readonly Mount[] {
  const all = new Map(mounts.map((mount) => [mount.target, mount]));
  const writable = mounts.filter(({ mode, kind }) => mode === "rw" && kind === "dir");
  for (const path of paths.toSorted((a, b) => depth(a.real) - depth(b.real))) {
    for (const outer of writable) {
      for (const mount of shownThrough(outer, path, all)) all.set(mount.target, mount);
    }
  }
  return [...all.values()].toSorted((a, b) => depth(a.target) - depth(b.target));
}

/** The mounts that are missing to make a path read-only in a writable mount; none if another mount covers that path. */
function shownThrough(
  outer: Mount,
  { real, kind, from }: ReadOnly,
  all: ReadonlyMap<string, Mount>,
): readonly Mount[] {
  if (real === outer.source || !within(outer.source, real)) return [];
  const at = (path: string) => outer.target + path.slice(outer.source.length);
  const parents = directoriesBetween(outer.source, real);
  const nearest = parents.findLastIndex((path) => all.has(at(path)));
  if (all.get(at(parents[nearest] ?? ""))?.mode === "ro") return [];
  const wanted: readonly Mount[] = [
    ...parents
      .slice(nearest + 1)
      .map(
        (path) =>
          ({ source: path, mode: "rw", kind: "dir", from: "silo", target: at(path) }) as const,
      ),
    { source: real, target: at(real), mode: "ro", kind, from },
  ];
  return wanted.filter(({ target }) => !all.has(target));
}
