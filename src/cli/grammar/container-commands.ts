import { BACKEND_ARG } from "./flags.ts";
import { define, NO_WORDS, type Node } from "./command.ts";

const ls: Node = {
  group: "Containers",
  definition: define("ls", "list what silo started, of every backend", {
    ...BACKEND_ARG,
    quiet: { type: "boolean", alias: "q", description: "names only" },
    json: { type: "boolean", description: "as data" },
  }),
  examples: ["silo ls", "silo rm $(silo ls -q)"],
  words: NO_WORDS,
  prefetch: "list",
  load: async () => (await import("../commands/ls.ts")).ls,
};

const rm: Node = {
  group: "Containers",
  definition: define("rm", "remove containers", {
    ...BACKEND_ARG,
    all: { type: "boolean", description: "all that silo started" },
    force: {
      type: "boolean",
      alias: "f",
      description: "running ones too, and those with conflicts, whose files are saved",
    },
  }),
  examples: ["silo rm app-1", "silo rm --all --force"],
  words: { min: 0, max: Infinity, form: "[name...]", offer: "containers" },
  load: async () => (await import("../commands/rm.ts")).rm,
};

const exec: Node = {
  group: "Containers",
  definition: define("exec", "run a command in a running container", BACKEND_ARG),
  examples: ["silo exec app-1 git status", "echo hi | silo exec app-1 cat"],
  words: { min: 2, max: Infinity, form: "<name> [--] <command...>", offer: "containers" },
  verbatimAfter: 1,
  load: async () => (await import("../commands/exec.ts")).exec,
};

const shell: Node = {
  group: "Containers",
  definition: define("shell", "open a login shell in a running container", BACKEND_ARG),
  examples: ["silo shell app-1"],
  words: { min: 1, max: 1, form: "<name>", offer: "containers" },
  load: async () => (await import("../commands/exec.ts")).shell,
};

const reconnect: Node = {
  group: "Containers",
  definition: define(
    "reconnect",
    "come back to a tool that was left running (--keep, backends.docker.keep; always on fly)",
    { ...BACKEND_ARG, verbose: { type: "boolean", alias: "v", description: "say each step" } },
  ),
  examples: ["silo claude --keep", "silo reconnect app-1"],
  words: { min: 1, max: 1, form: "<name>", offer: "containers" },
  load: async () => (await import("../commands/reconnect.ts")).reconnect,
};

const prune: Node = {
  group: "Containers",
  definition: define(
    "prune",
    "remove images that no project uses, and containers that have ended",
    {
      ...BACKEND_ARG,
      yes: { type: "boolean", alias: "y", description: "do not ask" },
      "dry-run": { type: "boolean", description: "only show what would go" },
    },
  ),
  examples: ["silo prune", "silo prune --dry-run", "silo prune --yes"],
  words: NO_WORDS,
  load: async () => (await import("../commands/prune.ts")).prune,
};

/** What is done with what runs. */
export const CONTAINER_NODES: readonly Node[] = [ls, rm, exec, shell, reconnect, prune];
