/** Where an attack runs: inside a container or sandbox of a backend, or on the host. */
export type Place = "docker" | "podman" | "container" | "bwrap" | "fly" | "host";

/** An attack by a tool inside or by a repository outside, and silo's defence. */
export type Threat = {
  /** A short phrase; the tests' names begin with it. */
  readonly name: string;
  readonly silo: string;
  readonly on: readonly Place[];
  /** Path of the test file below `test`. */
  readonly file: string;
  /** Name of the test, if it differs from the attack's. */
  readonly test?: string;
  /** Published vulnerabilities of the same kind in other programs. */
  readonly sisters: readonly string[];
};

/** Every attack of the suite. The table in SECURITY.md is generated from this list. */
export const THREATS = [
  {
    name: "a path with a control character or invalid UTF-8",
    silo: "never mounts such a path, whether it comes from a `.git` file, a setting or the working directory",
    on: ["docker", "podman", "container", "bwrap"],
    file: "escape/paths.test.ts",
    sisters: ["CVE-2026-134465", "GHSA-vwqx-4fm8-6qc9"],
  },
  {
    name: "a directory replaced by a symlink between the check and the mount",
    silo: "compares device and inode of every mount inside before the tool starts, or mounts by file descriptor",
    on: ["docker", "podman", "bwrap"],
    file: "escape/swap.test.ts",
    sisters: ["CVE-2026-50549", "CVE-2026-39861", "CVE-2026-34078", "CVE-2026-41568"],
  },
  {
    name: "the parent of a read-only mount renamed away",
    silo: "protects every directory between a read-only mount and the writable mount around it",
    on: ["docker", "podman", "bwrap"],
    file: "escape/mounts.test.ts",
    sisters: [],
  },
  {
    name: "silo's own settings as a symlink into the project",
    silo: "does not start if a symlink puts its settings or approvals into a writable mount",
    on: ["docker", "bwrap"],
    file: "escape/mounts.test.ts",
    sisters: ["CVE-2026-25725"],
  },
  {
    name: "a read-only file that the host replaces",
    silo: "warns at start, because a host program that saves the file by renaming ends the mount",
    on: ["docker", "bwrap"],
    file: "escape/mounts.test.ts",
    sisters: [],
  },
  {
    name: "an approved mount replaced by a symlink",
    silo: "stores the real path with the approval, and asks again if the path leads elsewhere",
    on: ["docker", "podman", "bwrap"],
    file: "escape/mounts.test.ts",
    sisters: ["CVE-2026-39861"],
  },
  {
    name: "a working directory or mount that contains keys",
    silo: "asks before it uses `~/.ssh`, `~/.aws`, `/etc` and the like as working directory or mount",
    on: ["docker", "bwrap"],
    file: "escape/sensitive.test.ts",
    sisters: [],
  },
  {
    name: "a project's variable that sends credentials elsewhere",
    silo: "asks before a project's file sets a variable, except for a few harmless ones",
    on: ["docker", "bwrap"],
    file: "escape/repository.test.ts",
    sisters: ["CVE-2026-21852"],
  },
  {
    name: "a repository's hooks and MCP servers for the tool",
    silo: "asks once before a tool starts in a repository with files that the tool would execute",
    on: ["docker", "bwrap"],
    file: "escape/repository.test.ts",
    sisters: ["CVE-2026-21852", "CVE-2026-12537"],
  },
  {
    name: "a remote that looks like an approved one",
    silo: "compares the host and whole segments of the address from its start",
    on: ["docker", "bwrap"],
    file: "escape/remotes.test.ts",
    sisters: [],
  },
  {
    name: "a remote that the tool has added",
    silo: "remembers every directory in which a tool ran, and asks before another pattern applies there",
    on: ["docker", "bwrap"],
    file: "escape/remotes.test.ts",
    sisters: [],
  },
  {
    name: "a directory that was moved or copied",
    silo: "asks once per directory before a pattern passes a value or a mount of the host",
    on: ["docker", "bwrap"],
    file: "escape/remotes.test.ts",
    sisters: [],
  },
  {
    name: "another user's silo.jsonc in a shared directory",
    silo: "ignores a file that belongs to another user, with a warning",
    on: ["docker", "bwrap"],
    file: "escape/repository.test.ts",
    sisters: ["CVE-2022-24765"],
  },
  {
    name: "an earlier approved silo.jsonc put back",
    silo: "keeps only the newest approval of a file",
    on: ["docker", "bwrap"],
    file: "escape/repository.test.ts",
    sisters: [],
  },
  {
    name: "programs of a project on PATH",
    silo: "starts programs by absolute path, and none from a directory that a tool could write",
    on: ["docker", "bwrap"],
    file: "escape/programs.test.ts",
    sisters: ["CVE-2026-65093"],
  },
  {
    name: "a silo.jsonc that blocks or breaks commands",
    silo: "ignores an unreadable, huge or invalid file in `ls`, `exec`, `shell` and `rm`",
    on: ["docker", "bwrap"],
    file: "escape/commands.test.ts",
    sisters: [],
  },
  {
    name: "terminal escape sequences in names",
    silo: "escapes control and bidirectional characters in text that is not its own",
    on: ["host"],
    file: "escape/terminal.test.ts",
    sisters: [],
  },
  {
    name: "a secret left in a file after a kill",
    silo: "passes variables to the engine's command in an unnamed file",
    on: ["docker"],
    file: "escape/leftovers.test.ts",
    sisters: [],
  },
  {
    name: "a kill at any moment",
    silo: "reaps containers, sessions, copies and partial builds with the next command",
    on: ["docker", "bwrap"],
    file: "escape/leftovers.test.ts",
    sisters: [],
  },
  {
    name: "a host program that listens on a socket in the project",
    silo: "lists listening sockets in mounted directories at start",
    on: ["docker", "bwrap"],
    file: "escape/limits.test.ts",
    sisters: [],
  },
  {
    name: "unlimited memory, processes, logs and core dumps",
    silo: "limits memory and processes, disables core dumps, and keeps no log of the output",
    on: ["docker", "bwrap"],
    file: "escape/limits.test.ts",
    sisters: [],
  },
  {
    name: "a guest that replaces its copies of files by symlinks",
    silo: "reads and writes copies by file descriptor, follows no symlink, opens no pipe, and limits the size",
    on: ["container"],
    file: "escape/copies.test.ts",
    sisters: ["CVE-2026-103916", "CVE-2026-41568", "CVE-2026-42306"],
  },
  {
    name: "a tool's variables in `silo exec` and `silo shell`",
    silo: "starts the program that enters a sandbox with a clean environment",
    on: ["bwrap"],
    file: "escape/bwrap-exec.test.ts",
    test: "no variable of the tool has a say in a program outside",
    sisters: ["CVE-2026-109569"],
  },
  {
    name: "input injected into the user's terminal",
    silo: "gives the tool its own session and its own TTY, in pipelines as well",
    on: ["bwrap"],
    file: "escape/bwrap-exec.test.ts",
    test: "in a pipeline it cannot type on the user's terminal, and Ctrl-C ends it",
    sisters: [],
  },
  {
    name: "kernel settings written by a sandbox of root",
    silo: "gives the sandbox of root its own user namespace, and mounts these settings read-only",
    on: ["bwrap"],
    file: "escape/bwrap-kernel.test.ts",
    test: "writes no setting of the kernel: neither the mount nor the user lets it",
    sisters: [],
  },
  {
    name: "set-user-ID programs left for other users",
    silo: "denies these permission bits with a seccomp filter",
    on: ["docker", "bwrap"],
    file: "escape/bwrap-kernel.test.ts",
    test: "leaves no set-user-id program behind",
    sisters: [],
  },
  {
    name: "the keys of the session's keyring",
    silo: "starts a sandbox with a new keyring, and denies the system calls for keys",
    on: ["docker", "bwrap"],
    file: "escape/bwrap-kernel.test.ts",
    test: "finds no key of the session that silo was started in",
    sisters: [],
  },
  {
    name: "kernel vulnerabilities behind rare system calls",
    silo: "allows four socket families, and no user namespaces, io_uring, bpf, perf or programs of another architecture",
    on: ["docker", "bwrap"],
    file: "e2e/seccomp.test.ts",
    test: "each family and each call is refused that is to be, and works without the filter",
    sisters: ["CVE-2026-31431", "CVE-2026-43284", "CVE-2026-43500", "CVE-2026-46300"],
  },
  {
    name: "install scripts that read registry credentials",
    silo: "downloads packages with the credentials, and runs their scripts without them",
    on: ["bwrap"],
    file: "escape/bwrap-build.test.ts",
    test: "fetches with the user's sign-in, which no install script and no hook can read",
    sisters: [],
  },
] as const satisfies readonly Threat[];

export type ThreatName = (typeof THREATS)[number]["name"];
