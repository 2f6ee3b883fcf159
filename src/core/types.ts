/** Shared types and the lists that they are derived from; no code. */

/** The backends; `backends/registry.ts` detects the default. */
export const BACKENDS = ["docker", "container", "fly", "bwrap"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** The toolchains that an image can carry, in the order of their layers. */
export const TOOLCHAINS = ["docker", "gh", "go", "node", "rust", "mcp"] as const;
export type Toolchain = (typeof TOOLCHAINS)[number];

/** What a path is on the host, after following symbolic links. */
export type PathFact = {
  readonly kind: "file" | "dir" | "other" | "missing";
  /** The path with every link resolved, those above it where it is missing. */
  readonly real: string;
  /** The links on the way, in the order they are followed; only where there are any. */
  readonly links?: readonly PathLink[];
};

/** A symbolic link that a path leads over. */
export type PathLink = {
  /** Where the link itself lies, with the links above it resolved. */
  readonly at: string;
  /** The nearest directory above it in which a tool could write in an earlier run. */
  readonly writtenIn: string | undefined;
};

/** What git would report about the working directory, read from files without running git. */
export type GitFacts = {
  /** GIT_AUTHOR_NAME … of the host's identity; only what is set. */
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
  /** Names the running kernel (random(4), `boot_id`); a guest with the same one shares it. Linux only. */
  readonly bootId: string | undefined;
};

export type MountMode = "ro" | "rw";

/** A directory or file of the host that the guest sees. */
export type Mount = {
  /** Absolute, links resolved. */
  readonly source: string;
  /** Absolute path in the guest. */
  readonly target: string;
  readonly mode: MountMode;
  readonly kind: "file" | "dir";
  /** The source: `project`, `git`, `tool`, `silo` for its own files, or the configuration file's path. */
  readonly from: string;
  /** Where the links lie that lead from the target to the source; absent where the target is the source's own path. */
  readonly over?: readonly string[];
  /** `device:inode` of the source, found right before the start; the guest compares it with what it got. */
  readonly id?: string;
};

/** A mount that gives the tool more than a project needs. */
export type SensitiveMount = {
  readonly path: string;
  /** For people: `~/.ssh (keys and credentials)`. */
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
  /** Where a backend without volumes of its own keeps it on the host. */
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
  /** A tool's own port is skipped with a warning where it is taken; a configured one fails. */
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
  /** Never a secret: build arguments stay in the image's history. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** The user's part of the Dockerfile, in order, for a backend that has no builder. */
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
  /** The whole command of the guest: the tool itself, or a shell that first runs hooks and forwards. */
  readonly argv: readonly string[];
  /** Allocate a TTY in the guest, because stdin and stdout are TTYs. */
  readonly tty: boolean;
  /** `--keep`: the tool keeps running when the terminal closes, if the backend supports it. */
  readonly keep: boolean;
  /** A directory that no two runs may share at once (Paperclip's database). */
  readonly exclusive: string | undefined;
  readonly warnings: readonly string[];
  /** Shown once per user, told apart by id. */
  readonly tips: readonly Tip[];
};

export type Tip = { readonly id: string; readonly text: string };

/** The identity of one run; the container's labels carry it. */
export type Session = {
  /** Unique, made for this run. */
  readonly id: string;
  /** What it is called now: one that was guessed may change while it runs. */
  readonly name: string;
};
