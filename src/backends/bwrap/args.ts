import { enterCommand, limits as processLimits } from "../../core/guest/enter.ts";
import type { RunPlan, Session } from "../../core/types.ts";
import type { Limits } from "./limits.ts";

/** Facts about the host that a sandbox depends on, gathered once (`host.ts`). */
export type HostView = {
  /** Absolute paths, so that PATH does not decide which programs are started. */
  readonly bwrap: string;
  readonly perl: string;
  /** The CPU architecture, in the form of `process.arch`. */
  readonly arch: string;
  /** Identifies the installed bwrap file. */
  readonly version: string;
  /** The host's `/bin`, `/lib` …, which are symbolic links or directories. */
  readonly system: readonly (
    | { readonly path: string; readonly link: string }
    | { readonly path: string; readonly link: undefined }
  )[];
  /** Files of `/etc` that programs need for the network, the time zone and shared libraries. */
  readonly etc: readonly string[];
  /** Existing paths in `/proc` with information about the whole host. */
  readonly hidden: { readonly files: readonly string[]; readonly directories: readonly string[] };
};

/** Features of the host's bwrap, probed when a prefix is built (`features.ts`). */
export type Features = {
  /** `--size`, bubblewrap 0.7. */
  readonly sizes: boolean;
  /** Whether `--disable-userns` works: bubblewrap 0.8, and not on every kernel. */
  readonly noNamespaces: boolean;
  /** `--bind-fd`, bubblewrap 0.10. */
  readonly descriptors: boolean;
  /** The system call filter, hex-encoded. */
  readonly filter: string;
};

/** A built tool on the host. */
export type Prefix = {
  readonly root: string;
  /** Path of silo's own runtime, which replaces node if the host's is missing or too old. */
  readonly runtime: string | undefined;
  readonly features: Features;
};

/** The user inside the sandbox. */
export type Inhabitant = { readonly uid: number; readonly gid: number; readonly home: string };

/** Paths in the sandbox: the tools, and silo's runtime. */
export const TOOLS = "/opt/silo";
export const RUNTIME = "/opt/silo-runtime/bun";

/** Arguments of a mount. `launch.pl` resolves the path, and as root maps the owner to the sandbox's user. */
const mount = (mode: "ro" | "rw", source: string, target: string, id = "-") =>
  [`--mount-${mode}`, id, source, target] as const;

/** Arguments of a tmpfs with a maximum size: bytes, or a percentage of the host's memory. */
const inMemory = ({ sizes }: Features, size: string, path: string) => [
  ...(sizes ? ["--size", size] : []),
  "--tmpfs",
  path,
];

/** Kernel settings to mount read-only. bwrap itself covers only directories that are writable, but not writable files in others. */
const READ_ONLY = ["sys", "bus", "fs", "irq", "sysrq-trigger"].map((name) => `/proc/${name}`);

/** Arguments of every sandbox (bubblewrap 0.6). */
function sandbox(
  { system, etc, hidden }: HostView,
  { uid, gid, home }: Inhabitant,
  features: Features,
  tmp: number | undefined,
): readonly string[] {
  const size = (share: string) => (tmp === undefined ? share : String(tmp));
  return [
    "--unshare-user",
    // As root, the launcher switches to another user, which has uid 0 in the sandbox.
    ...(uid === 0 ? ["--uid", "0", "--gid", String(gid)] : []),
    ...(features.noNamespaces ? ["--disable-userns"] : []),
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    ...system.flatMap(({ path, link }) =>
      link === undefined ? ["--ro-bind", path, path] : ["--symlink", link, path],
    ),
    ...etc.flatMap((path) => ["--ro-bind-try", path, path]),
    "--proc",
    "/proc",
    ...READ_ONLY.flatMap((path) => ["--ro-bind-try", path, path]),
    // Covered by a device node of the host, which programs in the sandbox cannot open.
    ...hidden.files.flatMap((path) => ["--ro-bind", "/dev/null", path]),
    ...hidden.directories.flatMap((path) => ["--tmpfs", path, "--remount-ro", path]),
    "--dev",
    "/dev",
    ...inMemory(features, size("10%"), "/dev/shm"),
    "--remount-ro",
    "/dev",
    ...inMemory(features, size("25%"), "/tmp"),
    ...inMemory(features, size("10%"), "/var/tmp"),
    ...inMemory(features, size("1%"), "/run"),
    ...inMemory(features, size("25%"), home),
    // Programs expect these directories to exist.
    ...[".cache", ".config", ".local/bin", ".local/share", ".local/state"].flatMap((name) => [
      "--dir",
      `${home}/${name}`,
    ]),
  ];
}

function accounts({ root }: Prefix): readonly string[] {
  return ["passwd", "group"].flatMap((name) => mount("ro", `${root}/etc/${name}`, `/etc/${name}`));
}

function runtime({ runtime: path }: Prefix): readonly string[] {
  return path === undefined ? [] : mount("ro", path, RUNTIME);
}

/** Arguments that remount the root read-only, because it is a tmpfs without a size limit. */
const CLOSED = ["--remount-ro", "/"] as const;

/** Arguments of a build: only the prefix is writable. */
export function buildArgs(
  view: HostView,
  prefix: Prefix,
  user: Inhabitant,
  settings: readonly string[],
  script: string,
): readonly string[] {
  return [
    ...sandbox(view, user, prefix.features, undefined),
    ...accounts(prefix),
    ...runtime(prefix),
    ...mount("rw", `${prefix.root}/home`, user.home),
    ...mount("rw", `${prefix.root}/tools`, TOOLS),
    ...settings.flatMap((path) => mount("ro", path, path)),
    ...CLOSED,
    // A build has no PTY of its own. A new session keeps it from injecting input into the user's terminal (TIOCSTI).
    "--new-session",
    "--chdir",
    user.home,
    "--",
    "bash",
    "-c",
    script,
  ];
}

/** Arguments of a run. The home directory has only the mounts of the plan, and the files that hooks wrote to it in the build. */
export function runArgs(
  view: HostView,
  prefix: Prefix,
  plan: RunPlan,
  session: Session,
  inHome: readonly string[],
  limits: Limits,
): readonly string[] {
  const { home } = plan.user;
  return [
    ...sandbox(view, plan.user, prefix.features, limits.tmp),
    ...accounts(prefix),
    ...runtime(prefix),
    ...mount("ro", `${prefix.root}/tools`, TOOLS),
    ...inHome.flatMap((name) => mount("ro", `${prefix.root}/home/${name}`, `${home}/${name}`)),
    ...plan.mounts.flatMap(({ mode, source, target, id }) => mount(mode, source, target, id)),
    ...plan.caches.flatMap(({ directory, target }) => mount("rw", directory, target)),
    ...CLOSED,
    // With a TTY the tool has its own PTY. Otherwise a new session keeps it from injecting input into the user's terminal (TIOCSTI).
    ...(plan.tty ? [] : ["--new-session"]),
    "--hostname",
    session.name,
    "--chdir",
    plan.workdir,
    "--",
    ...enterCommand(plan, plan.argv, processLimits(limits.processes, view.arch)),
  ];
}
