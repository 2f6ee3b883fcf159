import { absolutePath, homely, within } from "./paths.ts";
import type { Creation, Mount, MountMode, PathFact } from "./types.ts";

/** Someone asks for a host path in the guest. Of several for one path the highest rank wins, rw on a tie. */
export type MountRequest = {
  /** Absolute, as named; links not followed. */
  readonly path: string;
  readonly mode: MountMode;
  /** `project`, `git`, `tool`, or the configuration file's path. */
  readonly from: string;
  readonly rank: number;
  /** What to do where the path does not exist. */
  readonly missing: "create" | "skip" | "warn";
};

export type MountPlan = {
  readonly mounts: readonly Mount[];
  readonly creations: readonly Creation[];
  readonly warnings: readonly string[];
};

/** What the host says of the requested paths. */
export type PathFacts = Readonly<Record<string, PathFact>>;

type Placed = Mount & { readonly rank: number };

/** A path as a tool writes it: `~/x` or `$XDG_CONFIG_HOME/x`. */
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

/** Settles all requests: what is made, what is mounted, what is left out and why. */
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
    // The link's own path and where it leads both work in the guest.
    for (const target of new Set([fact.real, request.path])) {
      placed.push({ source: fact.real, target, mode, kind, from, rank });
    }
  }
  return { mounts: withoutNested(strongest(placed)), creations: unique(creations), warnings };
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
  return `${homely(request.path, home)} ${why} and is not mounted (${key} in ${homely(request.from, home)})`;
}

/**
 * The writable mount out of which a link leads, if one does: what runs in the guest can make
 * such a link, and the next run must not follow it to the user's keys.
 */
function escapes(
  request: MountRequest,
  fact: PathFact,
  requests: readonly MountRequest[],
  facts: PathFacts,
): string | undefined {
  const outer = requests.find(
    (other) =>
      other.mode === "rw" &&
      other.path !== request.path &&
      within(other.path, request.path) &&
      !within(facts[other.path]?.real ?? other.path, fact.real),
  );
  return outer?.path;
}

function leadsOut(request: MountRequest, fact: PathFact, outer: string, home: string): string {
  const [path, real, top] = [request.path, fact.real, outer].map((name) => homely(name, home));
  return `${path} is a link that leads out of ${top}, which the tool can write, and is not mounted; name ${real} itself`;
}

/** One mount a target: the highest rank, then rw, then the first. */
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

/** Drops what an enclosing mount shows already, at the same place and in the same mode; outer mounts first. */
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
  return kept.map(({ source, target, mode, kind, from }) => ({ source, target, mode, kind, from }));
}

function depth(path: string): number {
  return path.split("/").length;
}

function unique(creations: readonly Creation[]): readonly Creation[] {
  return [...new Map(creations.map((creation) => [creation.path, creation])).values()];
}
