import type { ArgsDef } from "citty";
import { BACKEND_ARG } from "./flags.ts";
import { SHELLS } from "../completion/scripts.ts";
import { define, NO_WORDS, type Node } from "./command.ts";

const doctor: Node = {
  group: "Configuration",
  definition: define("doctor", "say what is installed, started and signed in, and how to mend it", {
    ...BACKEND_ARG,
    json: { type: "boolean", description: "as data" },
  }),
  examples: ["silo doctor", "silo doctor --backend docker"],
  words: NO_WORDS,
  load: async () => (await import("../commands/doctor.ts")).doctor,
};

const completion: Node = {
  group: "Configuration",
  definition: define("completion", "print a shell's completion script", {}),
  examples: [
    `silo completion bash >> ~/.bash_completion`,
    `silo completion zsh > "$(brew --prefix)/share/zsh/site-functions/_silo"`,
    `silo completion fish > ~/.config/fish/completions/silo.fish`,
  ],
  words: { min: 1, max: 1, form: SHELLS.join("|"), offer: SHELLS },
  load: async () => (await import("../commands/completion.ts")).completion,
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
  definition: define("config trust", "approve what a project's files ask for", {
    list: { type: "boolean", description: "print what is approved" },
    json: { type: "boolean", description: "with --list: as data" },
    revoke: { type: "boolean", description: "revoke the approval" },
    yes: { type: "boolean", alias: "y", description: "approve without asking" },
  }),
  examples: ["silo config trust", "silo config trust ../lib", "silo config trust --list"],
  words: { min: 0, max: 1, form: "[path]", offer: "files" },
  load: async () => (await import("../commands/config/trust.ts")).trust,
};

const configNodes: readonly Node[] = [
  configNode(
    "config show",
    "print the merged configuration and where each value came from",
    { json: { type: "boolean", description: "as data" } },
    async () => (await import("../commands/config/show.ts")).show,
  ),
  configNode(
    "config default",
    "print the built-in defaults",
    {},
    async () => (await import("../commands/config/show.ts")).defaults,
  ),
  configNode(
    "config paths",
    "print the configuration files in load order",
    { verbose: { type: "boolean", alias: "v", description: "those that do not exist too" } },
    async () => (await import("../commands/config/show.ts")).paths,
  ),
  configNode(
    "config edit",
    "open a configuration file in your editor and check it",
    SCOPE_ARGS,
    async () => (await import("../commands/config/edit.ts")).edit,
  ),
  configNode(
    "config init",
    "write a commented example, never over an existing file",
    SCOPE_ARGS,
    async () => (await import("../commands/config/init.ts")).init,
  ),
  trustNode,
  configNode(
    "config schema",
    "print the JSON schema of silo.jsonc",
    {},
    async () => (await import("../commands/config/show.ts")).schema,
  ),
];

const version: Node = {
  group: "Configuration",
  definition: define("version", "tell this silo's version and commit, and the newest known one", {
    json: { type: "boolean", description: "as data" },
  }),
  examples: ["silo version", "silo --version   # the number alone, at once"],
  words: NO_WORDS,
  load: async () => (await import("../commands/version.ts")).version,
};

const licenses: Node = {
  group: "Configuration",
  definition: define("licenses", "print the licenses of all that is in this binary", {}),
  examples: ["silo licenses"],
  words: NO_WORDS,
  load: async () => (await import("../commands/licenses.ts")).licenses,
};

/** How silo is set up, and what it is. */
export const CONFIG_NODES: readonly Node[] = [
  ...configNodes,
  doctor,
  completion,
  version,
  licenses,
];
