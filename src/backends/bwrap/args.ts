import { enterCommand, limits as processLimits } from "../../core/guest/enter.ts";
import type { RunPlan, Session } from "../../core/types.ts";
import type { Limits } from "./limits.ts";

/** What the sandbox sees of this machine, found out once (`host.ts`). */
export type HostView = {
  /** Their own paths: nothing of the environment says which programs are started. */
  readonly bwrap: string;
  readonly perl: string;
  /** The processor, as `process.arch` names it. */
  readonly arch: string;
  /** Changes when bwrap is replaced. */
  readonly version: string;
  /** `/bin`, `/lib` …: links as on the host, or directories. */
  readonly system: readonly (
    | { readonly path: string; readonly link: string }
    | { readonly path: string; readonly link: undefined }
  )[];
  /** Files of `/etc` that programs need to reach the network, show the time and find libraries. */
  readonly etc: readonly string[];
  /** Paths of `/proc` that are here and tell of the whole machine. */
  readonly hidden: { readonly files: readonly string[]; readonly directories: readonly string[] };
};

/** What the bwrap of this machine can do, found out when a prefix is built (`features.ts`). */
export type Features = {
  /** `--size`, bubblewrap 0.7. */
  readonly sizes: boolean;
  /** Whether `--disable-userns` works: bubblewrap 0.8, and not on every kernel. */
  readonly noNamespaces: boolean;
  /** `--bind-fd`, bubblewrap 0.10. */
  readonly descriptors: boolean;
  /** The system call filter in hex. */
  readonly filter: string;
};

/** Where a built tool lies on the host. */
export type Prefix = {
  readonly root: string;
  /** silo's own runtime, where the host has no node that is new enough. */
  readonly runtime: string | undefined;
  readonly features: Features;
};

/** The user of a sandbox, as the sandbox sees it. */
export type Inhabitant = { readonly uid: number; readonly gid: number; readonly home: string };

/** Where the sandbox sees the tools, and silo's runtime. */
export const TOOLS = "/opt/silo";
export const RUNTIME = "/opt/silo-runtime/bun";

/** A mount that `launch.pl` makes: as root it shows the files as the sandbox's own. */
const mount = (mode: "ro" | "rw", source: string, target: string, id = "-") =>
  [`--mount-${mode}`, id, source, target] as const;

/** Writable in memory, up to a size: bytes, or a percentage of this machine's memory. */
const inMemory = ({ sizes }: Features, size: string, path: string) => [
  ...(sizes ? ["--size", size] : []),
  "--tmpfs",
  path,
];

/** Settings of the kernel: bwrap itself covers what it cannot write as a directory, though files in it may be writable. */
const READ_ONLY = ["sys", "bus", "fs", "irq", "sysrq-trigger"].map((name) => `/proc/${name}`);

/** What every sandbox has and has not (bubblewrap 0.6). */
function sandbox(
  { system, etc, hidden }: HostView,
  { uid, gid, home }: Inhabitant,
  features: Features,
  tmp: number | undefined,
): readonly string[] {
  const size = (share: string) => (tmp === undefined ? share : String(tmp));
  return [
    "--unshare-user",
    // The launcher has another user then, who is root in here.
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
    // A device of the host that no program in here can open.
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
    // Programs make their folder in these, and do not expect to have to make these.
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

/** The directories above the mounts are in memory without a limit, so they can be written as little as the system. */
const CLOSED = ["--remount-ro", "/"] as const;

/** A build: the prefix is the only thing that can be written. */
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
    // Without a terminal it must not keep a hand on the user's (TIOCSTI).
    "--new-session",
    "--chdir",
    user.home,
    "--",
    "bash",
    "-c",
    script,
  ];
}

/** A run: an empty home with the mounts of the plan, and what hooks put into it when the prefix was built. */
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
    // With a terminal it has one of its own; without, it must not keep a hand on the user's (TIOCSTI).
    ...(plan.tty ? [] : ["--new-session"]),
    "--hostname",
    session.name,
    "--chdir",
    plan.workdir,
    "--",
    ...enterCommand(plan, plan.argv, processLimits(limits.processes, view.arch)),
  ];
}
