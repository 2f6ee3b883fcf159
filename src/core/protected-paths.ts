import { SiloError } from "../errors.ts";
import type { MountPlan, PathFacts } from "./mounts.ts";
import { displayPath, within, xdgDirectories } from "./paths.ts";
import { guardReadOnly, type ReadOnly } from "./read-only.ts";
import type { Mount, PathFact } from "./types.ts";

/** Paths of silo's own files: settings, approvals, sessions, installed programs and caches. */
export function siloPaths(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const { config, data, state, cache } = xdgDirectories(home, env);
  // Files are listed too, because one may be a link into a directory of dotfiles.
  return [
    `${config}/silo`,
    `${state}/silo`,
    `${cache}/silo`,
    `${data}/silo`,
    `${config}/silo/silo.jsonc`,
    `${state}/silo/trust.json`,
  ];
}

type ProtectedPath = ReadOnly & { readonly path: string; readonly missing: boolean };

/**
 * Mounts silo's own directories read-only over any writable mount that contains them, because a tool could otherwise
 * approve its own settings. Missing directories are created.
 * @throws SiloError if a link in a writable mount leads to them, because a link cannot be mounted over, and a mount on a
 * single file is lost when the host replaces the file.
 */
export function protect(
  plan: MountPlan,
  paths: readonly string[],
  facts: PathFacts,
  home: string,
): MountPlan {
  const writable = plan.mounts.filter(({ mode }) => mode === "rw");
  const own = paths.flatMap((path) => ownDirectory(path, facts));
  const exposed = (path: string) => !own.some(({ real }) => within(real, path));
  for (const path of paths) refuseLinks({ path, ...factOf(path, facts) }, writable, exposed, home);
  const outer = writable.filter(({ source }) =>
    own.some(({ real }) => within(source, real) || within(real, source)),
  );
  if (outer.length === 0) return plan;
  const mounts = plan.mounts.map((mount) =>
    own.some(({ real }) => within(real, mount.source)) ? { ...mount, mode: "ro" as const } : mount,
  );
  const kept = own.filter(({ real }) =>
    outer.some(({ source }) => within(source, real) || within(real, source)),
  );
  const made = kept.filter(({ missing }) => missing);
  return {
    mounts: guardReadOnly(mounts, kept),
    creations: [...plan.creations, ...made.map(({ path, kind }) => ({ path, kind }))],
    warnings: [
      ...plan.warnings,
      readOnly(
        kept.map(({ path }) => path),
        outer.map(({ source }) => source),
        home,
      ),
    ],
  };
}

/** The directory at a path, or the one to make there. */
function ownDirectory(path: string, facts: PathFacts): readonly ProtectedPath[] {
  const { kind, real } = factOf(path, facts);
  if (/\.jsonc?$/.test(path) || (kind !== "dir" && kind !== "missing")) return [];
  return [{ path, kind: "dir", real, missing: kind === "missing", from: "silo" }];
}

const factOf = (path: string, facts: PathFacts): PathFact =>
  facts[path] ?? { kind: "missing", real: path };

function refuseLinks(
  { path, kind, real, links = [] }: PathFact & { readonly path: string },
  writable: readonly Mount[],
  exposed: (path: string) => boolean,
  home: string,
): void {
  // A file in a read-only directory needs no mount of its own.
  const ends = kind === "file" ? [real] : [];
  const open = [...links.map(({ at }) => at), ...ends].filter(exposed);
  const outer = writable.find(({ source }) => open.some((at) => within(source, at)));
  if (outer === undefined) return;
  const [own, leads, top] = [path, real, outer.source].map((name) => displayPath(name, home));
  throw new SiloError(`${own} is a link to ${leads}, which the tool could change in ${top}`, {
    hint: `rm ${own} && cp -R ${leads} ${own}   # keep silo's settings outside of writable mounts`,
  });
}

function readOnly(files: readonly string[], outer: readonly string[], home: string): string {
  const list = (paths: readonly string[]) =>
    [...new Set(paths)].map((path) => displayPath(path, home)).join(", ");
  return `${list(files)} belongs to silo and is read-only inside, although ${list(outer)} is writable`;
}
