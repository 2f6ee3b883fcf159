import type { Companion } from "../core/companion.ts";
import type { BuildEvent } from "../core/build-event.ts";
import type { BackendName, ImagePlan, RunPlan, Session } from "../core/types.ts";
import type { Cmd, Exit } from "../runtime/command.ts";

/** A container, sandbox, VM or machine that silo started; the argument of `exec`, `reconnect` and `remove`. */
export type Instance = {
  /** The backend's own identifier. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly backend: BackendName;
  /** As the backend prints it: `Up 3 minutes`, `started` … */
  readonly status: string;
  /** Further facts that `silo ls` prints after the status, such as a machine's age and price. */
  readonly details?: readonly string[];
  readonly running: boolean;
  readonly tool: string;
  readonly project: string;
  readonly session: string;
  /** ISO 8601; undefined if the backend does not report it. */
  readonly created: string | undefined;
};

/** An image that silo built. */
export type ImageInfo = {
  /** The tag, or the image's id if it no longer has a tag. */
  readonly reference: string;
  readonly tool: string;
  /** Bytes, including layers shared with other images. */
  readonly size: number;
  /** ISO 8601; undefined if the backend does not report it. */
  readonly created: string | undefined;
};

/** One of silo's package caches, or several of the same project directory. */
export type CacheInfo = {
  /** The backend's own identifier: a volume's name, a directory. */
  readonly reference: string;
  /** The key of the user and the project directory (`cacheKey`). */
  readonly key: string;
  /** ISO 8601; undefined if the backend does not report it. */
  readonly created: string | undefined;
};

/** The result of a run. All kinds except `exit` and `detached` are recoverable: the caller fixes the cause and retries. */
export type RunOutcome =
  | { readonly kind: "exit"; readonly code: Exit; readonly warnings?: readonly string[] }
  /** The terminal closed and the tool keeps running. */
  | { readonly kind: "detached" }
  | { readonly kind: "no-image" }
  | { readonly kind: "name-taken" }
  | { readonly kind: "port-taken"; readonly port: number };

export type BuildOptions = {
  /** Builds without cached layers (`--force-build`). */
  readonly fresh: boolean;
  readonly onEvent: (event: BuildEvent) => void;
  /** Aborted when the user interrupts: the build is stopped and `Cancelled` is thrown. */
  readonly signal: AbortSignal;
};

/** Differences between backends as data, so that commands need not compare backend names. */
export type Abilities = {
  /** How files reach the guest: mounted, copied and kept in sync, or synced over the network. */
  readonly files: "direct" | "staged" | "synced";
  /** Dockerfile lines that the backend adds to every image. */
  readonly layer?: string;
  /** Whether `silo reconnect` works from another computer than the one that started the tool. */
  readonly attachFromAnywhere?: boolean;
};

/** Progress and questions of a backend while it prepares a run. */
export type RunProgress = {
  /** Shows the current step on a status line; undefined clears the line before the tool gets the terminal. */
  readonly stage: (text: string | undefined) => void;
  /** Marks the session as one that may outlive this process. */
  readonly keep: () => void;
  /** Asks a yes/no question. @throws SiloError with the hint if there is no terminal. */
  readonly confirm: (question: string, hint: string) => Promise<boolean>;
};

/** The interface of a backend, which runs tools. Opened by `openBackend`. Every failure is a SiloError with a fix hint. */
export type Backend = {
  readonly name: BackendName;
  readonly abilities: Abilities;
  /** Warnings about this backend's configuration, shown before a run starts. */
  readonly warnings: readonly string[];
  /** Notice printed when this backend was auto-detected. */
  readonly autoDetectNotice?: string;
  /** Lists every name in use on the backend, including names of other programs; called after a name conflict. */
  readonly takenNames: () => Promise<readonly string[]>;
  /** Returns the exact commands of a build and a run, for `--dry-run`. */
  readonly preview: (
    plan: RunPlan,
    session: Session,
  ) => Promise<{
    /** The command that downloads packages, if the backend runs it separately from the build. */
    readonly fetch?: Cmd;
    readonly build: Cmd;
    readonly run: Cmd;
  }>;
  /** Checks before the build that this backend can run the plan. @throws SiloError if it cannot. */
  readonly check?: (plan: RunPlan) => Promise<void>;
  /** Whether the image exists; absent if `run` itself reports `no-image` at no extra cost. */
  readonly hasImage?: (tag: string) => Promise<boolean>;
  /** What lives beside every run of this backend; opened before `run` and closed after it. */
  readonly companions?: (plan: RunPlan) => readonly Companion[];
  /** Runs the plan on the user's terminal and cleans up. @throws SiloError if the tool could not be started. */
  readonly run: (plan: RunPlan, session: Session, progress: RunProgress) => Promise<RunOutcome>;
  /** Builds the image. @throws SiloError with the last 20 lines of output if a step fails. */
  readonly build: (image: ImagePlan, options: BuildOptions) => Promise<void>;
  /** Whether the tool of this plan keeps running when its terminal hangs up. */
  readonly survivesHangup: (plan: RunPlan) => boolean;
  /** Attaches this terminal to a detached instance; absent if the backend cannot. */
  readonly reconnect?: (instance: Instance, progress: RunProgress) => Promise<RunOutcome>;
  /** Runs a command in a running instance. @throws SiloError if the instance is not running. */
  readonly exec: (instance: Instance, argv: readonly string[], tty: boolean) => Promise<Exit>;
  /** Lists silo's own instances, running or not. */
  readonly list: () => Promise<readonly Instance[]>;
  /**
   * Stops and deletes instances; one that is already gone is not an error.
   * @param force also deletes instances with unsynced changes, after saving these.
   * @returns warnings.
   */
  readonly remove: (instances: readonly Instance[], force: boolean) => Promise<readonly string[]>;
  /** Lists the images that silo built, used or not. */
  readonly images: () => Promise<readonly ImageInfo[]>;
  /** Deletes images. @returns those that were kept because they are in use. */
  readonly removeImages: (references: readonly string[]) => Promise<readonly string[]>;
  /** Lists this user's caches, used or not; absent if caches are deleted with the instance. */
  readonly caches?: () => Promise<readonly CacheInfo[]>;
  /** Deletes caches. @returns those that were kept because they are in use. */
  readonly removeCaches?: (references: readonly string[]) => Promise<readonly string[]>;
  /** Reaps the containers and files of sessions whose silo process was killed. @returns warnings. */
  readonly reap: (sessions: readonly string[]) => Promise<readonly string[]>;
};
