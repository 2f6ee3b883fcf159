import { basename } from "node:path";
import { within } from "../../../core/paths.ts";
import type { Mount, RunPlan } from "../../../core/types.ts";

/**
 * What a synchronised path is to the user: `work` is theirs, and a conflict in it ends nothing silently; `git` is a
 * git directory, in which the machine's tool goes first; `tool` is what a tool keeps for itself; `ro` goes one way.
 */
export type SyncKind = "work" | "git" | "tool" | "ro";

/** A path of the host that a machine has a copy of. */
export type Sync = {
  readonly kind: SyncKind;
  readonly of: "file" | "dir";
  readonly local: string;
  /** Where the copy is. */
  readonly remote: string;
  /** Where the tool sees it; another place than `remote` where it may only read. */
  readonly shown: string;
  /** Patterns that are left out, in the form of .gitignore. */
  readonly ignore: readonly string[];
};

export type Layout = {
  readonly syncs: readonly Sync[];
  /** Second names of what is synchronised already. */
  readonly links: readonly { readonly path: string; readonly to: string }[];
};

/** Where read-only copies lie in the machine; root alone goes there. */
export const COPIES = "/var/lib/silo/ro";

/** What a git directory must not have copied while it changes (mutagen issue 88). */
const GIT_IGNORE = ["*.lock", "gc.pid", "index.stash.*", "fsmonitor--daemon*"];

/** What tools keep that is of no use elsewhere, or torn when it is copied while it is written. */
const TOOL_IGNORE = [
  ".DS_Store",
  "*.sock",
  "*.sqlite-wal",
  "*.sqlite-shm",
  "*.db-wal",
  "*.db-shm",
  "/debug",
  "/cache",
  "/statsig",
];

/** A path as a pattern that means it alone. */
function literal(path: string): string {
  return `/${path.replaceAll(/[\\*?[\]{}!]/g, String.raw`\$&`)}`;
}

/** Shown by an enclosing mount already, at the same place. */
function isShown(mount: Mount, all: readonly Mount[]): boolean {
  return all.some(
    (outer) =>
      outer !== mount &&
      outer.kind === "dir" &&
      outer.mode === mount.mode &&
      within(outer.target, mount.target) &&
      outer.target !== mount.target &&
      outer.source + mount.target.slice(outer.target.length) === mount.source,
  );
}

function kindOf({ mode, from }: Mount): SyncKind {
  if (mode === "ro") return "ro";
  return from === "git" ? "git" : from === "tool" ? "tool" : "work";
}

/**
 * What a machine has to have copies of.
 * @param gitDirs which `.git` of a mounted directory are directories: they are synchronised apart.
 * @param ignore the user's patterns for their own work.
 */
export function planLayout(
  plan: Pick<RunPlan, "mounts">,
  gitDirs: readonly string[],
  ignore: readonly string[],
): Layout {
  const mounts = plan.mounts.filter((mount) => !isShown(mount, plan.mounts));
  const isLink = ({ source, target, mode }: Mount) =>
    source !== target &&
    mounts.some(
      (other) => other.source === source && other.target === source && other.mode === mode,
    );
  const real = mounts.filter((mount) => !isLink(mount));
  const git = gitDirs
    .filter((path) => !real.some(({ target }) => target === path))
    .map((path): Mount => ({ source: path, target: path, mode: "rw", kind: "dir", from: "git" }));
  const all = [...real, ...git];
  // silo's own files are mounted read-only elsewhere, to keep tools out; a machine needs no copy of them at all.
  const copied = all.filter(({ from, mode }) => from !== "silo" || mode === "rw");
  return {
    syncs: copied.map((mount, i) => syncOf(mount, all, i, ignore)),
    links: mounts.filter(isLink).map(({ source, target }) => ({ path: target, to: source })),
  };
}

function syncOf(mount: Mount, all: readonly Mount[], index: number, own: readonly string[]): Sync {
  const { source, target, kind: of } = mount;
  const kind = kindOf(mount);
  const inner = all
    .filter((other) => other !== mount && within(target, other.target))
    .map((other) => literal(other.target.slice(target.length + 1)));
  const ignore = { work: own, git: GIT_IGNORE, tool: TOOL_IGNORE, ro: [] }[kind];
  const remote = kind === "ro" ? `${COPIES}/${index}/${basename(target) || "root"}` : target;
  const patterns = of === "dir" ? [...ignore, ...inner] : [];
  return { kind, of, local: source, remote, shown: target, ignore: patterns };
}
