import { defineCommand, type ArgDef, type ArgsDef, type CommandDef } from "citty";
import type { Ask } from "../../sys/process/prefetch.ts";

/** The type of an option's value; false or undefined if the option is not given. */
type OptionValue<D extends ArgDef> = D extends { type: "boolean" }
  ? boolean
  : D extends { type: "enum"; options: readonly (infer V)[] }
    ? V | undefined
    : string | undefined;

/** The options of a command by name, typed by their definitions. */
export type OptionsOf<A extends ArgsDef> = { readonly [K in keyof A]: OptionValue<A[K]> };

/** The given options by name: true, or an allowed value. */
export type GivenOptions = Readonly<Record<string, string | true>>;

type Arguments = {
  /** Arguments before `--`. */
  readonly args: readonly string[];
  /** Everything after `--`, unchanged. */
  readonly rest: readonly string[];
  /** Runs the engines' queries; some may have been prefetched. */
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
  /** Example command lines for the help. */
  readonly examples: readonly string[];
  /** Its arguments before `--`. */
  readonly args: {
    readonly min: number;
    readonly max: number;
    readonly usage: string;
    /** Completion candidates. */
    readonly offer?: "containers" | "files" | readonly string[];
  };
  /** Number of arguments after which all further ones are passed to another program, options included. */
  readonly passThroughAfter?: number;
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

/** Defines a command. Its action gets the options of `options`, typed by their definitions. */
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

/** Types the given options. The cast is safe, because the parser has checked the values by the same definitions. */
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

/** Finds an option by its written form: `--name`, or its alias `-n`. */
export function findOption(
  options: ArgsDef,
  written: string,
): readonly [name: string, definition: ArgDef] | undefined {
  return Object.entries(options).find(
    ([name, option]) =>
      written === `--${name}` || ("alias" in option && written === `-${String(option.alias)}`),
  );
}

/** Whether an option takes a value. */
export function takesValue(option: ArgDef): boolean {
  return option.type !== "boolean";
}
