import type { Mount, RunPlan, Session } from "../../core/types.ts";

/** What the sandbox sees of this machine, found out once (`host.ts`). */
export type HostView = {
  /** `bwrap`'s own path: nothing of the environment says which one is started. */
  readonly bwrap: string;
  /** `env`'s, for the same reason. */
  readonly env: string;
  /** `/bin`, `/lib` …: links as on the host, or directories. */
  readonly system: readonly (
    | { readonly path: string; readonly link: string }
    | { readonly path: string; readonly link: undefined }
  )[];
  /** Files of `/etc` that programs need to reach the network, show the time and find libraries. */
  readonly etc: readonly string[];
};

/** Where a built tool lies on the host. */
export type Prefix = {
  readonly root: string;
  /** silo's own runtime, where the host has no node that is new enough. */
  readonly runtime: string | undefined;
};

/** Where the sandbox sees the tools, and silo's runtime. */
export const TOOLS = "/opt/silo";
const RUNTIME = "/opt/silo-runtime/bun";

/** Enough for a build with many jobs, too few to take the machine down; counted in the sandbox's own user namespace. */
const PROCESSES = 4096;

/** What every sandbox has and has not (bubblewrap 0.8). */
function sandbox({ system, etc }: HostView, home: string): readonly string[] {
  return [
    "--unshare-user",
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
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "--tmpfs",
    "/run",
    "--dir",
    "/var/tmp",
    "--tmpfs",
    home,
    // Programs make their folder in these, and do not expect to have to make these.
    ...[".cache", ".config", ".local/bin", ".local/share", ".local/state"].flatMap((name) => [
      "--dir",
      `${home}/${name}`,
    ]),
  ];
}

function accounts({ root }: Prefix): readonly string[] {
  const files = ["passwd", "group"];
  return files.flatMap((name) => ["--ro-bind", `${root}/etc/${name}`, `/etc/${name}`]);
}

function runtime({ runtime: path }: Prefix): readonly string[] {
  return path === undefined ? [] : ["--ro-bind", path, RUNTIME];
}

/** A build: the prefix is the only thing that can be written. */
export function buildArgs(
  view: HostView,
  prefix: Prefix,
  home: string,
  settings: readonly string[],
  script: string,
): readonly string[] {
  return [
    ...sandbox(view, home),
    ...accounts(prefix),
    ...runtime(prefix),
    "--bind",
    `${prefix.root}/home`,
    home,
    "--bind",
    `${prefix.root}/tools`,
    TOOLS,
    ...settings.flatMap((path) => ["--ro-bind-try", path, path]),
    "--chdir",
    home,
    "--",
    "bash",
    "-c",
    script,
  ];
}

function mountArgs({ source, target, mode }: Mount): readonly string[] {
  return [mode === "ro" ? "--ro-bind" : "--bind", source, target];
}

/** The sandbox's own process must not die of what is meant for the tool (env of coreutils 8.31). */
export const DEAF = "--ignore-signal=INT,QUIT";

/** A run: an empty home with the mounts of the plan, and what hooks put into it when the prefix was built. */
export function runArgs(
  view: HostView,
  prefix: Prefix,
  plan: RunPlan,
  session: Session,
  inHome: readonly string[],
): readonly string[] {
  const { home } = plan.user;
  return [
    ...sandbox(view, home),
    ...accounts(prefix),
    ...runtime(prefix),
    "--ro-bind",
    `${prefix.root}/tools`,
    TOOLS,
    ...inHome.flatMap((name) => ["--ro-bind", `${prefix.root}/home/${name}`, `${home}/${name}`]),
    ...plan.mounts.flatMap(mountArgs),
    ...plan.caches.flatMap(({ directory, target }) => ["--bind", directory, target]),
    // With a terminal it has one of its own; without, it must not keep a hand on the user's (TIOCSTI).
    ...(plan.tty ? [] : ["--new-session"]),
    "--hostname",
    session.name,
    "--chdir",
    plan.workdir,
    "--",
    // A terminal sends these to the sandbox too, which ignores them; the tool must not.
    "env",
    "--default-signal=INT,QUIT",
    "prlimit",
    `--nproc=${PROCESSES}`,
    "--",
    ...plan.argv,
  ];
}

/** What every program in there finds in its environment. */
export function baseEnv(home: string, user: string): Readonly<Record<string, string>> {
  return {
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    SILO_TOOLS: TOOLS,
    NPM_CONFIG_PREFIX: TOOLS,
    PATH: `${home}/.local/bin:${TOOLS}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
    SILO_SHARED_NETWORK: "1",
  };
}

/** What stands in for node and npm where the host has none: silo's own runtime, which is a whole Bun. */
export const SHIMS: Readonly<Record<string, string>> = {
  node: `#!/bin/sh
export BUN_BE_BUN=1
exec ${RUNTIME} --preload ${TOOLS}/bin/silo-preload.js "$@"
`,
  // What a tool starts may be a compiled Bun program itself, which would become a bare Bun by it.
  "silo-preload.js": "delete process.env.BUN_BE_BUN;\n",
  npm: `#!/bin/bash
export BUN_BE_BUN=1 BUN_INSTALL=${TOOLS} BUN_INSTALL_CACHE_DIR=/tmp/bun-cache
[ "$1" = install ] || exit 0
trust=()
packages=()
for word in "\${@:2}"; do
  case "$word" in
    --allow-scripts=*) trust=(--trust);;
    -*) ;;
    *) packages+=("$word");;
  esac
done
exec ${RUNTIME} add --global --exact "\${trust[@]}" "\${packages[@]}"
`,
};
