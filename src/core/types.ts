/** Shared types and the lists that they are derived from; no code. */

/** The backends; `backends/registry.ts` detects the default. */
export const BACKENDS = ["docker", "container", "fly", "bwrap"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** The toolchains that an image can carry, in the order of their layers. */
export const TOOLCHAINS = ["docker", "gh", "go", "node", "rust", "mcp"] as const;
export type Toolchain = (typeof TOOLCHAINS)[number];

/** Facts of a host path, with symbolic links followed. */
export type PathFact = {
  readonly kind: "file" | "dir" | "other" | "missing";
  /** The path with every link resolved; if it is missing, with the links above it resolved. */
  readonly real: string;
  /** The links that are followed to resolve it, in that order; absent if there are none. */
  readonly links?: readonly PathLink[];
};

/** A symbolic link that is followed to resolve a path. */
export type PathLink = {
  /** The link's own path, with the links above it resolved. */
  readonly at: string;
  /** The nearest directory above it in which a tool could write in an earlier run. */
  readonly writtenIn: string | undefined;
};

/** Facts that git would report about the working directory, read from files without running git. */
export type GitFacts = {
  /** GIT_AUTHOR_NAME … of the host's identity; only those that are set. */
  readonly identity: Readonly<
    Partial<
      Record<
        "GIT_AUTHOR_NAME" | "GIT_AUTHOR_EMAIL" | "GIT_COMMITTER_NAME" | "GIT_COMMITTER_EMAIL",
        string
      >
    >
  >;
  /** Addresses of the remotes as configured, in order. */
  readonly remotes: readonly string[];
  /** Directories outside the working directory that its git needs (a worktree's or submodule's). */
  readonly commonDirs: readonly string[];
};

/** Facts of the host, gathered once, in parallel, before planning. */
export type HostFacts = {
  readonly platform: "linux" | "darwin";
  readonly home: string;
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
  /** The working directory with links resolved. */
  readonly cwd: string;
  /** The working directory as the shell names it ($PWD); equals `cwd` without links. */
  readonly logicalCwd: string;
  /** Owner of the working directory. */
  readonly cwdOwner: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdinTty: boolean;
  readonly stdoutTty: boolean;
  readonly git: GitFacts;
  /** Id of the running kernel (random(4), `boot_id`); a guest with the same id shares the kernel. Linux only. */
  readonly bootId: string | undefined;
};

export type MountMode = "ro" | "rw";

/** A host directory or file mounted in the guest. */
export type Mount = {
  /** Absolute, links resolved. */
  readonly source: string;
  /** Absolute path in the guest. */
  readonly target: string;
  readonly mode: MountMode;
  readonly kind: "file" | "dir";
  /** The source: `project`, `git`, `tool`, `silo` for its own files, or the configuration file's path. */
  readonly from: string;
  /** Paths of the links that lead from the target to the source; absent if the target is the source's own path. */
  readonly over?: readonly string[];
  /** `device:inode` of the source, read right before the start; the guest compares it with its mount. */
  readonly id?: string;
};

/** A mount that gives the tool more than a project needs. */
export type SensitiveMount = {
  readonly path: string;
  /** Text such as `~/.ssh (keys and credentials)`. */
  readonly holds: string;
  /** As in `Mount`. */
  readonly from: string;
};

/** A part of a package manager's cache that runs in one directory share. */
export type Cache = {
  /** `cargo-registry`, `npm` … */
  readonly name: string;
  /** The same for every cache of one user's directory, and for no other. */
  readonly key: string;
  /** Absolute path in the guest. */
  readonly target: string;
  /** The directory on the host, for a backend without volumes. */
  readonly directory: string;
};

/** A host path to create before the run, so that a first sign-in persists. */
export type Creation = { readonly path: string; readonly kind: "file" | "dir" };

/** An environment variable of the guest. */
export type EnvEntry = { readonly name: string; readonly value: string };

/** A published port. */
export type Port = {
  readonly hostIp: string;
  readonly host: number;
  readonly guest: number;
  readonly protocol: "tcp" | "udp";
  /** If the port is taken, a tool's own port is skipped with a warning; a configured one fails. */
  readonly optional: boolean;
};

/** A forwarder in the guest: connections to `listen` on all addresses go to `to` on its loopback. */
export type Forward = { readonly listen: number; readonly to: number };

/** The user inside, created with the ids and name of the host user. */
export type GuestUser = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
};

/** An image as a value: the same input gives the same tag on every machine. */
export type ImagePlan = {
  /** The name of its tool. */
  readonly tool: string;
  readonly tag: string;
  readonly dockerfile: string;
  /** Never secrets, because build arguments stay in the image's history. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** The Dockerfile's steps that run as the user, in order, for a backend without a builder. */
  readonly steps: readonly BuildStep[];
};

/** One build step of an image. */
export type BuildStep = { readonly about: string; readonly run: string };

/** Everything about one run that does not depend on the backend. */
export type RunPlan = {
  readonly tool: string;
  /** The sanitised name of the project directory; names are `<project>-<N>`. */
  readonly project: string;
  /** The name that the user asked for, taken instead of `<project>-<N>`. */
  readonly name: string | undefined;
  readonly image: ImagePlan;
  readonly user: GuestUser;
  readonly workdir: string;
  readonly creations: readonly Creation[];
  readonly mounts: readonly Mount[];
  /** Mounts to confirm: the working directory and mounts of the global file in places like ~/.ssh. */
  readonly sensitive: readonly SensitiveMount[];
  /** The host's `boot_id`. */
  readonly bootId: string | undefined;
  readonly caches: readonly Cache[];
  readonly env: readonly EnvEntry[];
  readonly ports: readonly Port[];
  /** The guest's command: the tool itself, or a shell that first runs hooks and starts forwarders. */
  readonly argv: readonly string[];
  /** Allocate a TTY in the guest, because stdin and stdout are TTYs. */
  readonly tty: boolean;
  /** `--keep`: the tool keeps running when the terminal closes, if the backend supports it. */
  readonly keep: boolean;
  /** A directory that only one run may use at a time (Paperclip's database). */
  readonly exclusive: string | undefined;
  readonly warnings: readonly string[];
  /** Each is shown once per user, by its id. */
  readonly tips: readonly Tip[];
};

export type Tip = { readonly id: string; readonly text: string };

/** The identity of one run; the container's labels carry it. */
export type Session = {
  /** Unique, made for this run. */
  readonly id: string;
  /** Its current name; a guessed name may change while it runs. */
  readonly name: string;
};
