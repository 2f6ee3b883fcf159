import type { Forward, Tip } from "./types.ts";

/** Facts of the host for a tool's command and environment. */
export type ToolFacts = {
  readonly home: string;
  readonly uid: number;
  /** $XDG_CONFIG_HOME and the like with their defaults filled in. */
  readonly xdg: { readonly config: string; readonly data: string; readonly state: string };
  /** The host's environment, to check which variables are set; values are never copied. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether this absolute host path exists; only paths listed in `hostPaths` are known. */
  readonly exists: (path: string) => boolean;
};

/** A step of the tool's image stage; `$HOME` and `$TOOL_VERSION` are set. */
export type InstallStep = {
  readonly as: "root" | "user";
  readonly run: string;
};

/** The registry that has the newest version. */
export type VersionSource =
  | { readonly registry: "npm"; readonly package: string }
  | { readonly registry: "pypi"; readonly package: string };

/** A port that the tool serves on the guest's loopback, and how the host reaches it. */
export type ToolPort = {
  /** 127.0.0.1:<host> outside. */
  readonly host: number;
  /** Published guest port. */
  readonly guest: number;
  /** A forwarder in the guest, for a tool that listens on loopback only. */
  readonly forward: Forward | undefined;
};

/** One coding agent, as data. A new one is a file in src/tools and a line in its `index.ts`. */
export type Tool = {
  /** The subcommand and the key in the configuration. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The executable in the guest. */
  readonly binary: string;
  /** A version known to work, installed if no newer one is known yet. */
  readonly knownVersion: string;
  readonly version: VersionSource;
  /** Tools installed in its image too, because it starts them itself. */
  readonly bundles: readonly string[];
  readonly install: readonly InstallStep[];
  /** `~/…` or `$XDG_CONFIG_HOME/…`, `$XDG_DATA_HOME/…`, `$XDG_STATE_HOME/…`; host and guest path alike. */
  readonly mounts: { readonly rw: readonly string[]; readonly ro: readonly string[] };
  /** Host paths whose existence `command`, `env` or `tips` check. */
  readonly hostPaths: readonly string[];
  /** As in the configuration: `NAME` passes the host's value, `NAME=value` sets it. */
  readonly env: (facts: ToolFacts) => readonly string[];
  /**
   * Files and directories of a project that the tool executes, or takes programs and addresses from, without asking;
   * relative to the working directory. They need approval. Files that only a model reads (instructions, skills) do not.
   */
  readonly projectFiles: readonly string[];
  readonly ports: readonly ToolPort[];
  /** Returns the command line in the guest, with the user's arguments. */
  readonly command: (args: readonly string[], facts: ToolFacts) => readonly string[];
  /** Why it cannot run here; undefined if it can. */
  readonly unsupported?: (facts: ToolFacts) => { message: string; hint: string } | undefined;
  /** A directory that only one run may use at a time. */
  readonly exclusive?: string;
  readonly tips?: (facts: ToolFacts) => readonly Tip[];
};
