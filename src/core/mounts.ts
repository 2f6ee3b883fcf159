import { SiloError } from "../errors.ts";
import { absolutePath, displayPath, within } from "./paths.ts";
import { printable } from "./text/quote.ts";
import { guardReadOnly, type ReadOnly } from "./read-only.ts";
import type { Creation, Mount, MountMode, PathFact } from "./types.ts";

/** A requested mount. Of several for one path the highest rank wins, rw on a tie. */
export type MountRequest = {
  /** Absolute, as named; links not followed. */
  readonly path: string;
  readonly mode: MountMode;
  /** `project`, `git`, `tool`, or the configuration file's path. */
  readonly from: string;
  readonly rank: number;
  /** What to do if the path does not exist. */
  readonly missing: "create" | "skip" | "warn";
};

export type MountPlan = {
  readonly mounts: readonly Mount[];
  readonly creations: readonly Creation[];
  readonly warnings: readonly string[];
};

/** Facts of the requested host paths. */
export type PathFacts = Readonly<Record<string, PathFact>>;

type Placed = Mount & { readonly rank: number };

/** Expands a path of a tool's data, such as `~/x` or `$XDG_CONFIG_HOME/x`. */
export function toolPath(
  written: string,
  home: string,
  xdg: { config: string; data: string; state: string },
): string {
  const expanded = written
    .replace(/^\$XDG_CONFIG_HOME(?=\/|$)/, xdg.config)
    .replace(/^\$XDG_DATA_HOME(?=\/|$)/, xdg.data)
    .replace(/^\$XDG_STATE_HOME(?=\/|$)/, xdg.state);
  return absolutePath(expanded, home, home);
}

/**
 * Resolves all requests into mounts, paths to create, and warnings about requests that are left out.
 * @throws SiloError if the working directory or a tool's own path has a name that cannot be mounted.
 */
export function planMounts(
  requests: readonly MountRequest[],
  facts: PathFacts,
  home: string,
): MountPlan {
  const creations: Creation[] = [];
  const warnings: string[] = [];
  const placed: Placed[] = [];
  for (const request of requests) {
    const fact = facts[request.path] ?? { kind: "missing", real: request.path };
    const odd = [request.path, fact.real].find((path) => ODD.test(path));
    if (odd !== undefined) {
      warnings.push(unmountable(request, odd, home));
      continue;
    }
    const kind = usableKind(request, fact);
    if (kind === undefined) {
      if (request.missing === "warn") warnings.push(skipped(request, fact, home));
      continue;
    }
    const escape = escapes(request, fact, requests, facts);
    if (escape !== undefined) {
      warnings.push(leadsOut(request, fact, escape, home));
      continue;
    }
    if (fact.kind === "missing") creations.push({ path: request.path, kind });
    const { mode, from, rank } = request;
    // Both the link's own path and its target work in the guest.
    for (const target of new Set([fact.real, request.path])) {
      const over = target === fact.real ? {} : { over: (fact.links ?? []).map(({ at }) => at) };
      placed.push({ source: fact.real, target, mode, kind, from, ...over, rank });
    }
  }
  const mounts = withoutNested(strongest(placed));
  const readOnly = mounts
    .filter(({ mode }) => mode === "ro")
    .map(({ source, kind, from }): ReadOnly => ({ real: source, kind, from }));
  warnings.push(...looseFiles(mounts, home));
  return { mounts: guardReadOnly(mounts, readOnly), creations: unique(creations), warnings };
}

/**
 * Control characters and U+FFFD, which replaces invalid UTF-8. An engine could turn them into another name than the one
 * that was checked.
 */
const ODD = /[\p{Cc}\uFFFD]/u;

function unmountable({ from }: MountRequest, path: string, home: string): string {
  const name = printable(displayPath(path, home)).replaceAll(/[\n\t]/g, " ");
  const text = `${name} has a control character or invalid UTF-8 in its name and cannot be mounted`;
  // These mounts are required; others are left out with a warning.
  if (from !== "project" && from !== "tool") return text;
  throw new SiloError(text, { hint: "rename the directory, then: silo ..." });
}

/** A mount on a single file is detached when the host replaces the file (rename(2)). */
function looseFiles(mounts: readonly Mount[], home: string): readonly string[] {
  return mounts
    .filter(({ mode, kind }) => mode === "ro" && kind === "file")
    .filter(({ source }) =>
      mounts.some((outer) => outer.mode === "rw" && within(outer.source, source)),
    )
    .map(({ source }) => {
      const name = displayPath(source, home);
      return `${name} stays read-only only until a host program replaces it; mount its directory with mounts_ro instead`;
    });
}

function usableKind(request: MountRequest, fact: PathFact): "file" | "dir" | undefined {
  if (fact.kind === "file" || fact.kind === "dir") return fact.kind;
  if (fact.kind === "missing" && request.missing === "create") {
    return request.path.endsWith(".json") ? "file" : "dir";
  }
  return undefined;
}

function skipped(request: MountRequest, fact: PathFact, home: string): string {
  const why = fact.kind === "missing" ? "does not exist" : "is neither a file nor a directory";
  const key = request.mode === "ro" ? "mounts_ro" : "mounts_rw";
  return `${displayPath(request.path, home)} ${why} and is not mounted (${key} in ${displayPath(request.from, home)})`;
}

/**
 * The writable directory that contains a link out of it, if there is one. A tool could have created that link in this
 * or an earlier run, and no later run must follow it to the user's keys.
 */
function escapes(
  request: MountRequest,
  fact: PathFact,
  requests: readonly MountRequest[],
  facts: PathFacts,
): string | undefined {
  if (request.from === "project") return undefined;
  const now = requests
    .filter(({ mode }) => mode === "rw")
    .map(({ path }) => facts[path]?.real ?? path);
  const writers = (fact.links ?? []).flatMap(({ at, writtenIn }) => [
    ...now.filter((path) => path !== at && within(path, at)),
    ...(writtenIn === undefined ? [] : [writtenIn]),
  ]);
  return writers.find((path) => !within(path, fact.real));
}

function leadsOut(request: MountRequest, fact: PathFact, outer: string, home: string): string {
  const [path, real, top] = [request.path, fact.real, outer].map((name) => displayPath(name, home));
  return `${path} is not mounted, because a link in ${top}, which a tool could have written, leads to ${real}; configure ${real} itself`;
}

/**
 * Leaves out mounts on links that the guest has anyway, through a mount of their directory, because they resolve there
 * as on the host. A mount on such a link would follow it wherever it points at that moment, and bwrap refuses it.
 * For backends that mount the host's own files.
 */
export function withoutShownLinks(mounts: readonly Mount[]): readonly Mount[] {
  const shows = (at: string) =>
    mounts.some(
      ({ source, target, kind }) =>
        kind === "dir" && source === target && target !== at && within(target, at),
    );
  return mounts.filter(({ over = [] }) => over.length === 0 || !over.every(shows));
}

/** One mount per target: the highest rank, then rw, then the first. */
function strongest(placed: readonly Placed[]): readonly Placed[] {
  const best = new Map<string, Placed>();
  for (const mount of placed) {
    const known = best.get(mount.target);
    const wins =
      known === undefined ||
      mount.rank > known.rank ||
      (mount.rank === known.rank && mount.mode === "rw" && known.mode === "ro");
    if (wins) best.set(mount.target, mount);
  }
  return [...best.values()];
}

/** Drops mounts that an outer mount already provides at the same path and in the same mode; outer mounts first. */
function withoutNested(mounts: readonly Placed[]): readonly Mount[] {
  const kept: Placed[] = [];
  const outermostFirst = mounts.toSorted((a, b) => depth(a.target) - depth(b.target));
  for (const mount of outermostFirst) {
    const outer = kept.findLast((other) => within(other.target, mount.target));
    const shown =
      outer !== undefined &&
      outer.mode === mount.mode &&
      outer.source + mount.target.slice(outer.target.length) === mount.source;
    if (!shown) kept.push(mount);
  }
  return kept.map(({ rank: _rank, ...mount }) => mount);
}

function depth(path: string): number {
  return path.split("/").length;
}

function unique(creations: readonly Creation[]): readonly Creation[] {
  return [...new Map(creations.map((creation) => [creation.path, creation])).values()];
}
