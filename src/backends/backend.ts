import type { BuildEvent } from "../core/build-event.ts";
import type { BackendName, ImagePlan, RunPlan, Session } from "../core/types.ts";
import type { Cmd, Exit } from "../runtime/command.ts";

/** A container, sandbox, VM or machine that silo started; `exec`, `reconnect` and `remove` take it. */
export type Instance = {
  /** What the backend identifies it by. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly backend: BackendName;
  /** In the backend's own words: `Up 3 minutes`, `started` … */
  readonly status: string;
  readonly running: boolean;
  readonly tool: string;
  readonly project: string;
  readonly session: string;
  /** ISO 8601, where the backend tells. */
  readonly created: string | undefined;
};

/** An image that silo built. */
export type ImageInfo = {
  /** What the backend knows it by: the tag, or its id where it has none any more. */
  readonly reference: string;
  readonly tool: string;
  /** Bytes, with the layers that it shares with others. */
  readonly size: number;
  /** ISO 8601, where the backend tells. */
  readonly created: string | undefined;
};

/** The caches of one directory, or a part of them. */
export type CacheInfo = {
  /** What the backend knows it by. */
  readonly reference: string;
  /** Tells whose directory it belongs to (`cacheKey`). */
  readonly key: string;
  /** ISO 8601, where the backend tells. */
  readonly created: string | undefined;
};

/** How an attempt to run ended. All but `exit` are for the caller to mend and try again. */
export type RunOutcome =
  | { readonly kind: "exit"; readonly code: Exit; readonly warnings?: readonly string[] }
  /** The terminal is gone, and the tool was left running as the user wants it. */
  | { readonly kind: "left" }
  | { readonly kind: "no-image" }
  | { readonly kind: "name-taken" }
  | { readonly kind: "port-taken"; readonly port: number };

export type BuildOptions = {
  /** Without any cached layer (`--force-build`). */
  readonly fresh: boolean;
  readonly report: (event: BuildEvent) => void;
  /** Aborted when the user interrupts: the build ends and `Cancelled` is thrown. */
  readonly signal: AbortSignal;
};

/** What differs between backends, as data, so that no command asks which one it has. */
export type Abilities = {
  /** How files reach the guest. */
  readonly files: "direct" | "staged" | "synced";
  /** What it needs in an image besides a tool, as lines of a Dockerfile. */
  readonly layer?: string;
  /** Whether what runs can be come back to from another machine. */
  readonly elsewhere?: boolean;
};

/** What a backend tells while it prepares a run, and what it asks. */
export type RunReport = {
  /** What is going on, shown on a line of its own; undefined takes that away before the tool has the terminal. */
  readonly stage: (text: string | undefined) => void;
  /** From here on what runs outlives this silo. */
  readonly keep: () => void;
  /** Asks for a yes. @throws SiloError with the hint where there is no terminal. */
  readonly confirm: (question: string, hint: string) => Promise<boolean>;
};

/** A place where tools run. One folder each, made by `openBackend`. Every failure is a SiloError with its mend. */
export type Backend = {
  readonly name: BackendName;
  readonly abilities: Abilities;
  /** Notes of this backend on a run, shown before it starts. */
  readonly warnings: readonly string[];
  /** What it means that this one was chosen without being named. */
  readonly unasked?: string;
  /** Every name in use on the backend, silo's or not; asked for after a name conflict. */
  readonly takenNames: () => Promise<readonly string[]>;
  /** The exact commands of a build and a run, as `--dry-run` prints them. */
  readonly preview: (
    plan: RunPlan,
    session: Session,
  ) => Promise<{
    /** What fetches packages before the build, where that is a command of its own. */
    readonly fetch?: Cmd;
    readonly build: Cmd;
    readonly run: Cmd;
  }>;
  /** Whether it can run such a plan at all, known before anything is built. @throws SiloError where it cannot. */
  readonly check?: (plan: RunPlan) => Promise<void>;
  /** Whether the image is there; absent where a run finds out by itself at no cost. */
  readonly hasImage?: (tag: string) => Promise<boolean>;
  /** Runs the plan on the user's terminal and leaves nothing behind. */
  readonly run: (plan: RunPlan, session: Session, report: RunReport) => Promise<RunOutcome>;
  /** Throws SiloError with the last 20 lines of output where a step fails. */
  readonly build: (image: ImagePlan, options: BuildOptions) => Promise<void>;
  /** Whether a closed terminal will leave this run running. */
  readonly keeps: (plan: RunPlan) => boolean;
  /** Attaches this terminal to one that was left running; without it the backend cannot. */
  readonly reconnect?: (instance: Instance, report: RunReport) => Promise<RunOutcome>;
  readonly exec: (instance: Instance, argv: readonly string[], tty: boolean) => Promise<Exit>;
  /** What silo made, running or not. */
  readonly list: () => Promise<readonly Instance[]>;
  /**
   * Stops and deletes; an instance that is already gone is not an error.
   * @param force also what holds work that is nowhere else, once that is saved.
   * @returns what the user should know of it.
   */
  readonly remove: (instances: readonly Instance[], force: boolean) => Promise<readonly string[]>;
  /** What silo built, used or not. */
  readonly images: () => Promise<readonly ImageInfo[]>;
  /** Deletes images. @returns those that are still in use and so stay. */
  readonly removeImages: (references: readonly string[]) => Promise<readonly string[]>;
  /** This user's caches, used or not; absent where they end with what runs. */
  readonly caches?: () => Promise<readonly CacheInfo[]>;
  /** Deletes caches. @returns those that are still in use and so stay. */
  readonly removeCaches?: (references: readonly string[]) => Promise<readonly string[]>;
  /** Deletes whatever belongs to sessions whose silo has died. @returns what the user should know of it. */
  readonly reap: (sessions: readonly string[]) => Promise<readonly string[]>;
};
