import { SHELLS } from "../completion/scripts.ts";
import { define, type CommandSpec } from "./command.ts";
import {
  DOCTOR_OPTIONS,
  JSON_OPTION,
  NO_OPTIONS,
  PATHS_OPTIONS,
  SCOPE_OPTIONS,
  TRUST_OPTIONS,
} from "./options.ts";

const configCommands = [
  define({
    group: "Setup",
    name: "config show",
    description: "print the configuration and the source of each value",
    options: JSON_OPTION,
    examples: ["silo config show", "silo config show --json"],
    load: async () => (await import("../commands/config/show.ts")).show,
  }),
  define({
    group: "Setup",
    name: "config default",
    description: "print the built-in defaults",
    options: NO_OPTIONS,
    examples: ["silo config default"],
    load: async () => (await import("../commands/config/show.ts")).defaults,
  }),
  define({
    group: "Setup",
    name: "config paths",
    description: "print the configuration files in load order",
    options: PATHS_OPTIONS,
    examples: ["silo config paths", "silo config paths -v"],
    load: async () => (await import("../commands/config/show.ts")).paths,
  }),
  define({
    group: "Setup",
    name: "config edit",
    description: "edit a configuration file in your editor and validate it",
    options: SCOPE_OPTIONS,
    examples: ["silo config edit", "silo config edit --global"],
    load: async () => (await import("../commands/config/edit.ts")).edit,
  }),
  define({
    group: "Setup",
    name: "config init",
    description: "write a commented example file, never overwriting one",
    options: SCOPE_OPTIONS,
    examples: ["silo config init", "silo config init --local"],
    load: async () => (await import("../commands/config/init.ts")).init,
  }),
  define({
    group: "Setup",
    name: "config trust",
    description: "approve the settings and files of a project",
    options: TRUST_OPTIONS,
    examples: ["silo config trust", "silo config trust ../lib", "silo config trust --list"],
    args: { min: 0, max: 1, usage: "[path]", offer: "files" },
    load: async () => (await import("../commands/config/trust.ts")).trust,
  }),
  define({
    group: "Setup",
    name: "config schema",
    description: "print the JSON schema of silo.jsonc",
    options: NO_OPTIONS,
    examples: ["silo config schema"],
    load: async () => (await import("../commands/config/show.ts")).schema,
  }),
];

const doctor = define({
  group: "Setup",
  name: "doctor",
  description: "check backends and host setup, and suggest fixes",
  options: DOCTOR_OPTIONS,
  examples: ["silo doctor", "silo doctor --backend docker"],
  load: async () => (await import("../commands/doctor.ts")).doctor,
});

const completion = define({
  group: "Setup",
  name: "completion",
  description: "print a shell completion script",
  options: NO_OPTIONS,
  examples: [
    `silo completion bash >> ~/.bash_completion`,
    `silo completion zsh > "$(brew --prefix)/share/zsh/site-functions/_silo"`,
    `silo completion fish > ~/.config/fish/completions/silo.fish`,
  ],
  args: { min: 1, max: 1, usage: SHELLS.join("|"), offer: SHELLS },
  load: async () => (await import("../commands/completion.ts")).completion,
});

const version = define({
  group: "Setup",
  name: "version",
  description: "print version, commit, and the newest known version",
  options: JSON_OPTION,
  examples: ["silo version", "silo version --json"],
  load: async () => (await import("../commands/version.ts")).version,
});

const licenses = define({
  group: "Setup",
  name: "licenses",
  description: "print the licenses of all software in this binary",
  options: NO_OPTIONS,
  examples: ["silo licenses"],
  load: async () => (await import("../commands/licenses.ts")).licenses,
});

/** Commands for the configuration and installation of silo. */
export const CONFIG_COMMANDS: readonly CommandSpec[] = [
  ...configCommands,
  doctor,
  completion,
  version,
  licenses,
];
