import { basename } from "node:path";
import { within } from "../../../core/paths.ts";
import type { Mount, RunPlan } from "../../../core/types.ts";

/**
 * How a path is synced. `work`: the user's files; a machine with conflicts in them is kept. `git`: a git directory, in
 * which the machine's side wins. `tool`: the tool's own files. `ro`: to the machine only.
 */
export type SyncKind = "work" | "git" | "tool" | "ro";

/** A path of the host that is synced with a copy in the machine. */
export type Sync = {
  readonly kind: SyncKind;
  readonly of: "file" | "dir";
  readonly local: string;
  /** Path of the copy. */
  readonly remote: string;
  /** Path for the tool; differs from `remote` if the sync is read-only. */
  readonly shown: string;
  /** Patterns that are not synced, in the form of .gitignore. */
  readonly ignore: readonly string[];
};

/** The syncs and links of a machine. */
export type Layout = {
  readonly syncs: readonly Sync[];
  /** Symbolic links for paths that are synced under another name. */
  readonly links: readonly { readonly path: string; readonly to: string }[];
};

/** Directory of read-only copies in the machine; only root has access. */
export const COPIES = "/var/lib/silo/ro";

/** Patterns of files in a git directory that are not synced, because they may be incomplete (mutagen issue 88). */
const GIT_IGNORE = ["*.lock", "gc.pid", "index.stash.*", "fsmonitor--daemon*"];

/** Patterns of tool files that are not synced, because they are useless on another machine or inconsistent while they are written. */
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

/** A pattern that matches one path only. */
function literal(path: string): string {
  return `/${path.replaceAll(/[\\*?[\]{}!]/g, String.raw`\$&`)}`;
}

/** Whether an enclosing mount already contains the mount. */
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
 * Plans the syncs of a machine.
 * @param gitDirs the `.git` directories in mounted directories, which get their own sync sessions.
 * @param ignore the user's patterns for `work`.
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
  // silo's own files are mounted read-only only to protect them on the host; a machine needs no copy.
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
