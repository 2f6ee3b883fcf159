import { defineCommand, type ArgDef, type ArgsDef, type CommandDef } from "citty";
import type { Ask } from "../../sys/process/prefetch.ts";

/** The type of an option's value: false or undefined where the option is not given. */
type OptionValue<D extends ArgDef> = D extends { type: "boolean" }
  ? boolean
  : D extends { type: "enum"; options: readonly (infer V)[] }
    ? V | undefined
    : string | undefined;

/** The options of a command by name, typed by their definitions. */
export type OptionsOf<A extends ArgsDef> = { readonly [K in keyof A]: OptionValue<A[K]> };

/** Options as they were typed: true, or a value that its definition allows. */
export type GivenOptions = Readonly<Record<string, string | true>>;

type Arguments = {
  /** Arguments before `--`. */
  readonly args: readonly string[];
  /** Everything after `--`, unchanged. */
  readonly rest: readonly string[];
  /** Runs the engines' queries; those of `prefetch` were started already. */
  readonly ask?: Ask | undefined;
};

/** Runs a command. @returns the exit code. */
export type Action<A extends ArgsDef> = (
  input: Arguments & { readonly options: OptionsOf<A> },
) => Promise<number>;

export type CommandGroup = "Tools" | "Containers" | "Setup";

/** A command: its grammar, its help, and the module that runs it. */
export type CommandSpec = {
  readonly group: CommandGroup;
  /** citty's definition: name, description and options. */
  readonly definition: CommandDef;
  /** Command lines that can be pasted. */
  readonly examples: readonly string[];
  /** Its arguments before `--`. */
  readonly args: {
    readonly min: number;
    readonly max: number;
    readonly usage: string;
    /** What the shell completes them with. */
    readonly offer?: "containers" | "files" | readonly string[];
  };
  /** The number of arguments after which all others belong to another program, options included. */
  readonly passThroughAfter?: number;
  /** The engine queries that can start before the command is loaded. */
  readonly prefetch?: "list";
  /** Loads the command. */
  readonly load: () => Promise<
    (input: Arguments & { readonly given: GivenOptions }) => Promise<number>
  >;
};

export const NO_ARGS = { min: 0, max: 0, usage: "" };

type Definition<A extends ArgsDef> = Omit<CommandSpec, "definition" | "args" | "load"> & {
  /** The words of the command, such as `config show`. */
  readonly name: string;
  readonly description: string;
  readonly options: A;
  /** None by default. */
  readonly args?: CommandSpec["args"];
  readonly load: () => Promise<Action<NoInfer<A>>>;
};

/** A command whose action gets the options that `options` defines, each with its type. */
export function define<const A extends ArgsDef>({
  name,
  description,
  options,
  load,
  ...others
}: Definition<A>): CommandSpec {
  const known: ArgsDef = options;
  return {
    args: NO_ARGS,
    ...others,
    definition: defineCommand({ meta: { name, description }, args: known }),
    load: async () => {
      const action = await load();
      return ({ given, ...input }) => action({ ...input, options: typed(options, given) });
    },
  };
}

/** The parser has checked each value by the same definitions, which is what the type says. */
function typed<A extends ArgsDef>(definitions: A, given: GivenOptions): OptionsOf<A> {
  const values = Object.entries(definitions).map(
    ([name, { type }]) => [name, type === "boolean" ? name in given : given[name]] as const,
  );
  return Object.fromEntries(values) as OptionsOf<A>;
}

/** The words of a command; empty for plain `silo`. */
export function nameOf({ definition }: CommandSpec): string {
  const meta = definition.meta as { name?: string };
  return meta.name ?? "";
}

export function descriptionOf({ definition }: CommandSpec): string {
  const meta = definition.meta as { description?: string };
  return meta.description ?? "";
}

/** The options of a command by name. */
export function optionsOf({ definition }: CommandSpec): ArgsDef {
  return definition.args as ArgsDef;
}

/** The option that is written so: `--name`, or `-n` by its alias. */
export function findOption(
  options: ArgsDef,
  written: string,
): readonly [name: string, definition: ArgDef] | undefined {
  return Object.entries(options).find(
    ([name, option]) =>
      written === `--${name}` || ("alias" in option && written === `-${String(option.alias)}`),
  );
}

/** Whether an option is followed by a value. */
export function takesValue(option: ArgDef): boolean {
  return option.type !== "boolean";
}
