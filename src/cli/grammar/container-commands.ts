import { define, type CommandSpec } from "./command.ts";
import {
  BACKEND_OPTION,
  LS_OPTIONS,
  PRUNE_OPTIONS,
  RECONNECT_OPTIONS,
  RM_OPTIONS,
} from "./options.ts";

const ls = define({
  group: "Containers",
  name: "ls",
  description: "list silo containers of all backends",
  options: LS_OPTIONS,
  examples: ["silo ls", "silo ls --json", "silo rm $(silo ls -q)"],
  load: async () => (await import("../commands/ls.ts")).ls,
});

const rm = define({
  group: "Containers",
  name: "rm",
  description: "remove containers; without a name, pick them from a list",
  options: RM_OPTIONS,
  examples: ["silo rm", "silo rm app-1", "silo rm --all --force"],
  args: { min: 0, max: Infinity, usage: "[name...]", offer: "containers" },
  load: async () => (await import("../commands/rm.ts")).rm,
});

const exec = define({
  group: "Containers",
  name: "exec",
  description: "run a command in a running container",
  options: BACKEND_OPTION,
  examples: ["silo exec app-1 git status", "echo hi | silo exec app-1 cat"],
  args: { min: 2, max: Infinity, usage: "<name> [--] <command...>", offer: "containers" },
  passThroughAfter: 1,
  load: async () => (await import("../commands/exec.ts")).exec,
});

const shell = define({
  group: "Containers",
  name: "shell",
  description: "open a login shell in a running container",
  options: BACKEND_OPTION,
  examples: ["silo shell app-1"],
  args: { min: 1, max: 1, usage: "<name>", offer: "containers" },
  load: async () => (await import("../commands/exec.ts")).shell,
});

const reconnect = define({
  group: "Containers",
  name: "reconnect",
  description: "reattach to a detached tool",
  options: RECONNECT_OPTIONS,
  examples: ["silo claude --keep", "silo reconnect app-1"],
  args: { min: 1, max: 1, usage: "<name>", offer: "containers" },
  load: async () => (await import("../commands/reconnect.ts")).reconnect,
});

const prune = define({
  group: "Containers",
  name: "prune",
  description: "remove stopped containers, and unused images and caches",
  options: PRUNE_OPTIONS,
  examples: ["silo prune", "silo prune --dry-run", "silo prune --yes"],
  load: async () => (await import("../commands/prune.ts")).prune,
});

/** Commands for existing containers. */
export const CONTAINER_COMMANDS: readonly CommandSpec[] = [ls, rm, exec, shell, reconnect, prune];
