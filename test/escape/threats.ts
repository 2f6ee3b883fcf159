/** Place of an attack: a box of a backend, or the host outside of every box. */
export type Place = "docker" | "podman" | "container" | "bwrap" | "fly" | "host";

/** An attack of a tool inside, or of a repository outside, and what silo does about it. */
export type Threat = {
  /** Plain words; the tests' names begin with them. */
  readonly name: string;
  readonly silo: string;
  readonly on: readonly Place[];
  /** The test file, from `test` on. */
  readonly file: string;
  /** The test's name there, where it is not the attack's. */
  readonly test?: string;
  /** Public holes of the same kind in other programs. */
  readonly sisters: readonly string[];
};

/** Every attack of the suite. The table of SECURITY.md is made from this. */
export const THREATS = [
  {
    name: "a path with a control character or broken UTF-8",
    silo: "mounts no such path, whether a `.git` file, a setting or the working directory names it",
    on: ["docker", "podman", "container", "bwrap"],
    file: "escape/paths.test.ts",
    sisters: ["CVE-2026-134465", "GHSA-vwqx-4fm8-6qc9"],
  },
  {
    name: "a directory exchanged for a link between the check and the mount",
    silo: "compares device and inode of each mount inside before the tool starts, or mounts by descriptor",
    on: ["docker", "podman", "bwrap"],
    file: "escape/swap.test.ts",
    sisters: ["CVE-2026-50549", "CVE-2026-39861", "CVE-2026-34078", "CVE-2026-41568"],
  },
  {
    name: "the parent of a read-only mount renamed away",
    silo: "holds every directory between a read-only mount and the writable one around it",
    on: ["docker", "podman", "bwrap"],
    file: "escape/mounts.test.ts",
    sisters: [],
  },
  {
    name: "silo's own settings as a link into the project",
    silo: "refuses to start where its settings or approvals lie in a writable mount by a link",
    on: ["docker", "bwrap"],
    file: "escape/mounts.test.ts",
    sisters: ["CVE-2026-25725"],
  },
  {
    name: "a read-only file that the host replaces",
    silo: "warns at start: a program of the host that saves the file by renaming takes the mount away",
    on: ["docker", "bwrap"],
    file: "escape/mounts.test.ts",
    sisters: [],
  },
  {
    name: "an approved mount turned into a link",
    silo: "keeps the real path with the approval, and asks again when the path leads elsewhere",
    on: ["docker", "podman", "bwrap"],
    file: "escape/mounts.test.ts",
    sisters: ["CVE-2026-39861"],
  },
  {
    name: "a working directory or mount full of keys",
    silo: "asks before `~/.ssh`, `~/.aws`, `/etc` and the like are the working directory or a mount",
    on: ["docker", "bwrap"],
    file: "escape/sensitive.test.ts",
    sisters: [],
  },
  {
    name: "a project's variable that sends the sign-in elsewhere",
    silo: "asks before a project's file sets any variable but a few harmless ones",
    on: ["docker", "bwrap"],
    file: "escape/repository.test.ts",
    sisters: ["CVE-2026-21852"],
  },
  {
    name: "a repository's hooks and servers for the tool",
    silo: "asks once before a tool starts in a repository whose files the tool would execute",
    on: ["docker", "bwrap"],
    file: "escape/repository.test.ts",
    sisters: ["CVE-2026-21852", "CVE-2026-12537"],
  },
  {
    name: "a remote that looks like an approved one",
    silo: "compares the host and whole segments of the address, from its start",
    on: ["docker", "bwrap"],
    file: "escape/remotes.test.ts",
    sisters: [],
  },
  {
    name: "a remote that the tool has added",
    silo: "remembers every directory in which a tool ran, and asks before a pattern newly applies there",
    on: ["docker", "bwrap"],
    file: "escape/remotes.test.ts",
    sisters: [],
  },
  {
    name: "a directory that was moved or copied",
    silo: "asks once in each directory before a pattern gives a value or a mount of the host",
    on: ["docker", "bwrap"],
    file: "escape/remotes.test.ts",
    sisters: [],
  },
  {
    name: "another user's silo.jsonc in a shared directory",
    silo: "passes by a file that belongs to somebody else, with a warning",
    on: ["docker", "bwrap"],
    file: "escape/repository.test.ts",
    sisters: ["CVE-2022-24765"],
  },
  {
    name: "an earlier approved silo.jsonc put back",
    silo: "keeps the newest approval of a file alone",
    on: ["docker", "bwrap"],
    file: "escape/repository.test.ts",
    sisters: [],
  },
  {
    name: "programs of the project on PATH",
    silo: "starts programs by absolute path, and none that lies where a tool could write",
    on: ["docker", "bwrap"],
    file: "escape/programs.test.ts",
    sisters: ["CVE-2026-65093"],
  },
  {
    name: "a silo.jsonc that blocks or breaks commands",
    silo: "passes by an unreadable, huge or broken file in `ls`, `exec`, `shell` and `rm`",
    on: ["docker", "bwrap"],
    file: "escape/commands.test.ts",
    sisters: [],
  },
  {
    name: "names that steer the terminal",
    silo: "writes control and bidirectional characters of others' texts as escapes",
    on: ["host"],
    file: "escape/terminal.test.ts",
    sisters: [],
  },
  {
    name: "a secret left in a file after a kill",
    silo: "hands variables of the engine's command over in a file that has no name",
    on: ["docker"],
    file: "escape/leftovers.test.ts",
    sisters: [],
  },
  {
    name: "a kill at any moment",
    silo: "sweeps containers, sessions, copies and half-built folders with the next command",
    on: ["docker", "bwrap"],
    file: "escape/leftovers.test.ts",
    sisters: [],
  },
  {
    name: "a program of the host that answers on a socket in the project",
    silo: "names listening sockets in mounted directories at start",
    on: ["docker", "bwrap"],
    file: "escape/limits.test.ts",
    sisters: [],
  },
  {
    name: "memory, processes, logs and core files without end",
    silo: "limits memory, processes and core files, and keeps no log of the output",
    on: ["docker", "bwrap"],
    file: "escape/limits.test.ts",
    sisters: [],
  },
  {
    name: "a guest that replaces its copies of files by links",
    silo: "reads and writes copies by descriptor and follows no link, opens no pipe, and reads no endless file",
    on: ["container"],
    file: "escape/copies.test.ts",
    sisters: ["CVE-2026-103916", "CVE-2026-41568", "CVE-2026-42306"],
  },
  {
    name: "a tool's variables in `silo exec` and `silo shell`",
    silo: "starts the program that enters a sandbox with an environment of its own",
    on: ["bwrap"],
    file: "escape/bwrap-exec.test.ts",
    test: "no variable of the tool has a say in a program outside",
    sisters: ["CVE-2026-109569"],
  },
  {
    name: "keys typed on the user's terminal",
    silo: "gives the tool a session and a terminal of its own, in pipelines too",
    on: ["bwrap"],
    file: "escape/bwrap-exec.test.ts",
    test: "in a pipeline it cannot type on the user's terminal, and Ctrl-C ends it",
    sisters: [],
  },
  {
    name: "the kernel's settings written by a sandbox of root's",
    silo: "gives root's sandbox a user of its own, and mounts these settings read-only",
    on: ["bwrap"],
    file: "escape/bwrap-kernel.test.ts",
    test: "writes no setting of the kernel: neither the mount nor the user lets it",
    sisters: [],
  },
  {
    name: "set-user-id programs left for other users",
    silo: "refuses these permission bits by its filter of system calls",
    on: ["docker", "bwrap"],
    file: "escape/bwrap-kernel.test.ts",
    test: "leaves no set-user-id program behind",
    sisters: [],
  },
  {
    name: "the keys of the session's keyring",
    silo: "starts a sandbox with a new keyring, and refuses the calls for keys",
    on: ["docker", "bwrap"],
    file: "escape/bwrap-kernel.test.ts",
    test: "finds no key of the session that silo was started in",
    sisters: [],
  },
  {
    name: "holes of the kernel behind rare system calls",
    silo: "allows four families of sockets, and no user namespaces, io_uring, bpf, perf or foreign programs",
    on: ["docker", "bwrap"],
    file: "e2e/seccomp.test.ts",
    test: "each family and each call is refused that is to be, and works without the filter",
    sisters: ["CVE-2026-31431", "CVE-2026-43284", "CVE-2026-43500", "CVE-2026-46300"],
  },
  {
    name: "install scripts that read the registry's sign-in",
    silo: "fetches packages with the sign-in, and runs their scripts without it",
    on: ["bwrap"],
    file: "escape/bwrap-build.test.ts",
    test: "fetches with the user's sign-in, which no install script and no hook can read",
    sisters: [],
  },
] as const satisfies readonly Threat[];

export type ThreatName = (typeof THREATS)[number]["name"];
