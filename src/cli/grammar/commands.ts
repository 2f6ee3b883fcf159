import { TOOLS } from "../../tools/index.ts";
import { RUN_ARGS, runFlags } from "./flags.ts";
import { define, nameOf, NO_WORDS, type Node } from "./command.ts";
import { CONFIG_NODES } from "./config-commands.ts";
import { CONTAINER_NODES } from "./container-commands.ts";

function toolNode({ name, title, description }: (typeof TOOLS)[number]): Node {
  return {
    group: "Run",
    definition: define(name, `${title}: ${description}`, RUN_ARGS),
    examples: [`silo ${name}`, `silo ${name} -- --version`],
    words: NO_WORDS,
    load: async () => {
      const { runTool } = await import("../../run/run.ts");
      return ({ flags, rest }) => runTool({ tool: name, args: rest, flags: runFlags(flags) });
    },
  };
}

const root: Node = {
  group: "Run",
  definition: define("", "run the repository's or the configured tool here", RUN_ARGS),
  examples: ["silo", "silo -- --version"],
  words: NO_WORDS,
  load: async () => {
    const { runTool } = await import("../../run/run.ts");
    return ({ flags, rest }) => runTool({ tool: undefined, args: rest, flags: runFlags(flags) });
  },
};

/** Every command by its words; the empty name is plain `silo`. */
export const COMMANDS: ReadonlyMap<string, Node> = new Map(
  [root, ...TOOLS.map(toolNode), ...CONTAINER_NODES, ...CONFIG_NODES].map((node) => [
    nameOf(node),
    node,
  ]),
);
