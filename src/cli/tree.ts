import { defineCommand, type ArgsDef, type CommandDef } from "citty";
import type { Early } from "../backends/index.ts";
import { TOOLS } from "../tools/index.ts";
import { BACKEND_ARG, RUN_ARGS, runFlags, type Flags } from "./args.ts";

/** What a command gets from the front door. */
export type Input = {
  readonly flags: Flags;
  /** Words before `--`. */
  readonly words: readonly string[];
  /** Everything behind `--`, untouched. */
  readonly rest: readonly string[];
};

/** @param early what was asked of the backends before the command line was read. */
export type Action = (input: Input, early?: Early) => Promise<number>;

/** A command: citty's definition for help and flags, and what silo adds to it. */
export type Node = {
  readonly group: "Run" | "Containers" | "Configuration";
  readonly definition: CommandDef;
  readonly examples: readonly string[];
  readonly words: { readonly min: number; readonly max: number; readonly form: string };
  /** The first words are the command's own, all that follow are another program's. */
  readonly verbatimAfter?: number;
  readonly load: () => Promise<Action>;
};

const NO_WORDS = { min: 0, max: 0, form: "" };

function define(name: string, description: string, args: ArgsDef): CommandDef {
  return defineCommand({ meta: { name, description }, args }) as CommandDef;
}

function toolNode({ name, title, description }: (typeof TOOLS)[number]): Node {
  return {
    group: "Run",
    definition: define(name, `${title}: ${description}`, RUN_ARGS),
    examples: [`silo ${name}`, `silo ${name} -- --version`],
    words: NO_WORDS,
    load: async () => {
      const { runTool } = await import("./run.ts");
      return ({ flags, rest }, early) =>
        runTool({ tool: name, args: rest, flags: runFlags(flags), early });
    },
  };
}

const ls: Node = {
  group: "Containers",
  definition: define("ls", "list what silo started, of every backend", {
    ...BACKEND_ARG,
    quiet: { type: "boolean", alias: "q", description: "names only" },
    json: { type: "boolean", description: "as data" },
  }),
  examples: ["silo ls", "silo rm $(silo ls -q)"],
  words: NO_WORDS,
  load: async () => (await import("./commands/ls.ts")).ls,
};

const rm: Node = {
  group: "Containers",
  definition: define("rm", "remove containers", {
    ...BACKEND_ARG,
    all: { type: "boolean", description: "all that silo started" },
    force: { type: "boolean", alias: "f", description: "running ones too" },
  }),
  examples: ["silo rm app-1", "silo rm --all --force"],
  words: { min: 0, max: Infinity, form: "[name…]" },
  load: async () => (await import("./commands/rm.ts")).rm,
};

const exec: Node = {
  group: "Containers",
  definition: define("exec", "run a command in a running container", BACKEND_ARG),
  examples: ["silo exec app-1 git status", "echo hi | silo exec app-1 cat"],
  words: { min: 2, max: Infinity, form: "<name> [--] <command…>" },
  verbatimAfter: 1,
  load: async () => (await import("./commands/exec.ts")).exec,
};

const shell: Node = {
  group: "Containers",
  definition: define("shell", "open a login shell in a running container", BACKEND_ARG),
  examples: ["silo shell app-1"],
  words: { min: 1, max: 1, form: "<name>" },
  load: async () => (await import("./commands/exec.ts")).shell,
};

const doctor: Node = {
  group: "Configuration",
  definition: define("doctor", "say what is installed, started and signed in, and how to mend it", {
    ...BACKEND_ARG,
    json: { type: "boolean", description: "as data" },
  }),
  examples: ["silo doctor", "silo doctor --backend docker"],
  words: NO_WORDS,
  load: async () => (await import("./commands/doctor.ts")).doctor,
};

function configNode(name: string, description: string, args: ArgsDef, load: Node["load"]): Node {
  return {
    group: "Configuration",
    definition: define(name, description, args),
    examples: [`silo ${name}`],
    words: NO_WORDS,
    load,
  };
}

const SCOPE_ARGS = {
  global: { type: "boolean", description: "your own file, for every project" },
  local: { type: "boolean", description: "the file of this directory" },
} as const satisfies ArgsDef;

const trustNode: Node = {
  group: "Configuration",
  definition: define("config trust", "approve what a project's silo.jsonc asks for", {
    list: { type: "boolean", description: "print what is approved" },
    json: { type: "boolean", description: "with --list: as data" },
    revoke: { type: "boolean", description: "take the approval back" },
  }),
  examples: ["silo config trust", "silo config trust ../lib", "silo config trust --list"],
  words: { min: 0, max: 1, form: "[path]" },
  load: async () => (await import("./commands/config/trust.ts")).trust,
};

const configNodes: readonly Node[] = [
  configNode(
    "config show",
    "print the merged configuration and where each value came from",
    { json: { type: "boolean", description: "as data" } },
    async () => (await import("./commands/config.ts")).show,
  ),
  configNode(
    "config default",
    "print the built-in defaults",
    {},
    async () => (await import("./commands/config.ts")).defaults,
  ),
  configNode(
    "config paths",
    "print the configuration files in load order",
    { verbose: { type: "boolean", alias: "v", description: "those that do not exist too" } },
    async () => (await import("./commands/config.ts")).paths,
  ),
  configNode(
    "config edit",
    "open a configuration file in your editor and check it",
    SCOPE_ARGS,
    async () => (await import("./commands/config/edit.ts")).edit,
  ),
  configNode(
    "config init",
    "write a commented example, never over an existing file",
    SCOPE_ARGS,
    async () => (await import("./commands/config/init.ts")).init,
  ),
  trustNode,
  configNode(
    "config schema",
    "print the JSON schema of silo.jsonc",
    {},
    async () => (await import("./commands/config.ts")).schema,
  ),
];

const root: Node = {
  group: "Run",
  definition: define("", "run the repository's or the configured tool here", RUN_ARGS),
  examples: ["silo", "silo -- --version"],
  words: NO_WORDS,
  load: async () => {
    const { runTool } = await import("./run.ts");
    return ({ flags, rest }, early) =>
      runTool({ tool: undefined, args: rest, flags: runFlags(flags), early });
  },
};

/** Every command by its words; the empty name is plain `silo`. */
export const COMMANDS: ReadonlyMap<string, Node> = new Map(
  [root, ...TOOLS.map(toolNode), ls, rm, exec, shell, ...configNodes, doctor].map((node) => [
    nameOf(node),
    node,
  ]),
);

export function nameOf({ definition }: Node): string {
  const meta = definition.meta as { name?: string };
  return meta.name ?? "";
}

/** The flags of a command by name. */
export function flagsOf({ definition }: Node): ArgsDef {
  return definition.args as ArgsDef;
}
