import { defineCommand, type ArgsDef, type CommandDef } from "citty";
import type { Ask } from "../../sys/process/prefetch.ts";
import type { Flags } from "./flags.ts";

/** What a command gets from the front door. */
export type Input = {
  readonly flags: Flags;
  /** Words before `--`. */
  readonly words: readonly string[];
  /** Everything behind `--`, untouched. */
  readonly rest: readonly string[];
  /** Runs the engines' queries; those of `prefetch` were started already. */
  readonly ask?: Ask | undefined;
};

/** Runs a command. @returns the exit code. */
export type Action = (input: Input) => Promise<number>;

/** A command: citty's definition for help and flags, and what silo adds to it. */
export type Node = {
  readonly group: "Run" | "Containers" | "Configuration";
  readonly definition: CommandDef;
  readonly examples: readonly string[];
  readonly words: {
    readonly min: number;
    readonly max: number;
    readonly form: string;
    /** What the shell offers for them. */
    readonly offer?: "containers" | "files" | readonly string[];
  };
  /** The first words are the command's own, all that follow are another program's. */
  readonly verbatimAfter?: number;
  /** Which queries of the engines can start before the command is loaded. */
  readonly prefetch?: "list";
  readonly load: () => Promise<Action>;
};

export const NO_WORDS = { min: 0, max: 0, form: "" };

/** A command as citty knows it. */
export function define(name: string, description: string, args: ArgsDef): CommandDef {
  return defineCommand({ meta: { name, description }, args }) as CommandDef;
}

export function nameOf({ definition }: Node): string {
  const meta = definition.meta as { name?: string };
  return meta.name ?? "";
}

/** The flags of a command by name. */
export function flagsOf({ definition }: Node): ArgsDef {
  return definition.args as ArgsDef;
}
