import { directoriesBetween, homely, within, xdgDirectories } from "./paths.ts";
import type { MountPlan, PathFacts } from "./mounts.ts";
import type { Creation, Mount } from "./types.ts";

/** What silo believes without asking: its settings, approvals and sessions, and what it installs. */
export function ownPaths(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const { config, state, cache } = xdgDirectories(home, env);
  // A file may be a link into a directory of dotfiles.
  return [
    `${config}/silo`,
    `${state}/silo`,
    `${cache}/silo`,
    `${config}/silo/silo.jsonc`,
    `${state}/silo/trust.json`,
  ];
}

type Own = Creation & { readonly real: string; readonly missing: boolean };

/**
 * Keeps silo's own files out of the tool's reach where a writable mount has them in it: what runs inside
 * could approve itself otherwise. They are mounted read-only over it; one that does not exist yet is made.
 */
export function guardOwnFiles(
  plan: MountPlan,
  paths: readonly string[],
  facts: PathFacts,
  home: string,
): MountPlan {
  const all = paths.flatMap((path) => ownFile(path, facts));
  const own = all.filter(
    (one) => !all.some((other) => other !== one && within(other.real, one.real)),
  );
  const guarded = new Map(plan.mounts.map((mount) => [mount.target, mount]));
  const kept = new Map<string, Own>();
  const outer = new Set<string>();
  for (const mount of plan.mounts.filter(({ mode }) => mode === "rw")) {
    for (const file of own) {
      const cover = covers(mount, file);
      if (cover.length === 0) continue;
      kept.set(file.path, file);
      outer.add(mount.source);
      for (const inner of cover) {
        if (inner.mode === "ro" || !guarded.has(inner.target)) guarded.set(inner.target, inner);
      }
    }
  }
  if (kept.size === 0) return plan;
  const made = [...kept.values()].filter(({ missing }) => missing);
  return {
    mounts: [...guarded.values()].toSorted((a, b) => depth(a.target) - depth(b.target)),
    creations: [...plan.creations, ...made.map(({ path, kind }) => ({ path, kind }))],
    warnings: [...plan.warnings, readOnly([...kept.keys()], [...outer], home)],
  };
}

function ownFile(path: string, facts: PathFacts): readonly Own[] {
  const { kind, real } = facts[path] ?? { kind: "missing", real: path };
  const missing = kind === "missing";
  // Without its directory nobody can make a file that is missing.
  if (missing && /\.jsonc?$/.test(path)) return [];
  return [{ path, kind: kind === "file" ? "file" : "dir", real, missing }];
}

/** The mounts that take a file out of a writable one. */
function covers(mount: Mount, { real, kind }: Own): readonly Mount[] {
  const { source, target } = mount;
  if (within(real, source)) return [{ ...mount, mode: "ro" }];
  if (!within(source, real)) return [];
  const inside = (path: string) => ({
    source: path,
    target: target + path.slice(source.length),
    from: "silo",
  });
  return [
    // A directory above it could be renamed and made anew, were it not a mount of its own.
    ...directoriesBetween(source, real).map(
      (path) => ({ ...inside(path), mode: "rw", kind: "dir" }) as const,
    ),
    { ...inside(real), mode: "ro", kind },
  ];
}

function readOnly(files: readonly string[], outer: readonly string[], home: string): string {
  const list = (paths: readonly string[]) => paths.map((path) => homely(path, home)).join(", ");
  return `${list(files)}: silo's own, and read-only inside, though ${list(outer)} is writable`;
}

const depth = (path: string) => path.split("/").length;
