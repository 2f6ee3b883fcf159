import type { BackendName, RunPlan, Session } from "../../core/types.ts";
import type { SiloError } from "../../errors.ts";
import type { Cmd } from "../../runtime/command.ts";
import type { LocalState } from "./local-state.ts";

/** A machine as its provider lists it. */
export type Machine = {
  readonly id: string;
  readonly name: string;
  /** The state as the provider names it, for messages: `started`, `stopped` … */
  readonly state: string;
  readonly phase: "starting" | "running" | "stopped" | "destroying" | "destroyed";
  /** ISO 8601, if the provider reports it. */
  readonly created: string | undefined;
  /** silo's own tag of its image. */
  readonly image: string;
  /** The labels that silo gave it; undefined for a machine that silo did not start. */
  readonly labels:
    | { readonly tool: string; readonly project: string; readonly session: string }
    | undefined;
  /** Whether the machine's host responds to the provider. */
  readonly reachable: boolean;
  readonly outOfMemory: boolean;
  readonly memoryMb: number;
  /** Further facts for `silo ls`, such as the price. */
  readonly details: readonly string[];
};

/** The result of a launch. After `no-image` and `name-taken` the caller retries. */
export type Launched =
  | { readonly kind: "launched"; readonly id: string }
  | { readonly kind: "no-image" | "name-taken" };

/** The result of a command that the provider ran in a machine as root. */
export type RootResult = {
  /** The output, which warnings of the provider may precede and follow. */
  readonly stdout: string;
  readonly stderr: string;
  /**
   * `done`: exit status 0. `failed`: the command failed in the machine. `unreachable`: it did not run, and a retry
   * may help. `refused`: it did not run, and a retry cannot help.
   */
  readonly outcome: "done" | "failed" | "unreachable" | "refused";
  /** The exit status in the machine, if the command ran and the provider reports it. */
  readonly status: number | undefined;
};

/** The interface of a provider of machines, such as a cloud, a cluster or a host with SSH. */
export type Provider = {
  readonly name: BackendName;
  /** The group of machines, such as a Fly.io app. Machines of other scopes are left alone. */
  readonly scope: string;
  /** The location of new machines, such as a region, for progress messages. */
  readonly location: string;
  /** The section of silo.jsonc with this provider's settings, for hints: `backends.fly`. */
  readonly settings: string;
  /** The hint for a machine that SSH does not reach. */
  readonly unreachableHint: string;
  /**
   * Starts a machine for the session and waits until it runs.
   * @throws SiloError
   */
  readonly launch: (plan: RunPlan, session: Session) => Promise<Launched>;
  /**
   * Lists all machines of the scope, including those that silo did not start.
   * @throws SiloError
   */
  readonly machines: () => Promise<readonly Machine[]>;
  /**
   * Starts a stopped machine and waits until it runs.
   * @throws SiloError
   */
  readonly start: (id: string) => Promise<void>;
  /**
   * Destroys a machine; a missing one is not an error.
   * @returns the provider's output if the machine still exists.
   */
  readonly destroy: (id: string) => Promise<readonly string[] | undefined>;
  /**
   * Runs a command in the machine as root over the provider's own channel, before SSH works.
   * @param command split at spaces; no shell interprets it.
   */
  readonly runAsRoot: (
    id: string,
    command: string,
    options: { readonly stdin?: string; readonly timeoutMs: number },
  ) => Promise<RootResult>;
  /** The ProxyCommand of ssh_config(5): starts `SSHD_COMMAND` in the machine and connects it to its own stdin and stdout. */
  readonly sshProxy: (id: string, log: string) => Pick<Cmd, "bin" | "args">;
  /**
   * Turns the output of a failed provider command into an error.
   * @param what the step that failed: `starting the machine`.
   */
  readonly explain: (text: string, what: string) => SiloError;
};

/** The context of every step of a remote run. */
export type Remote = LocalState & {
  readonly provider: Provider;
  /** The user's home directory on this laptop. */
  readonly home: string;
  /** Patterns that are not synced, in the form of .gitignore. */
  readonly ignore: readonly string[];
  /** Whether the tool runs in tmux, so that it survives a lost connection. */
  readonly persist: boolean;
};
