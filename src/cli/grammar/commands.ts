import { TOOLS } from "../../tools/index.ts";
import { define, nameOf, type CommandSpec } from "./command.ts";
import { CONFIG_COMMANDS } from "./config-commands.ts";
import { CONTAINER_COMMANDS } from "./container-commands.ts";
import { RUN_OPTIONS } from "./options.ts";

const toolCommand = ({ name, title, description }: (typeof TOOLS)[number]) =>
  define({
    group: "Tools",
    name,
    description: `${title}: ${description}`,
    options: RUN_OPTIONS,
    examples: [`silo ${name}`, `silo ${name} --dry-run`, `silo ${name} -- --version`],
    load: async () => {
      const { runTool } = await import("../../run/run.ts");
      return ({ options, rest }) => runTool({ tool: name, args: rest, options });
    },
  });

/** Plain `silo`, without the name of a command. */
export const ROOT = define({
  group: "Tools",
  name: "",
  description: "run the configured tool, or pick one",
  options: RUN_OPTIONS,
  examples: ["silo", "silo --dry-run", "silo -- --version"],
  load: async () => {
    const { runTool } = await import("../../run/run.ts");
    return ({ options, rest }) => runTool({ tool: undefined, args: rest, options });
  },
});

/** Every command by its name, such as `config show`; the name of plain `silo` is empty. */
export const COMMANDS: ReadonlyMap<string, CommandSpec> = new Map(
  [ROOT, ...TOOLS.map(toolCommand), ...CONTAINER_COMMANDS, ...CONFIG_COMMANDS].map((spec) => [
    nameOf(spec),
    spec,
  ]),
);

/** The groups of subcommands with their descriptions. */
export const GROUPS: ReadonlyMap<string, string> = new Map([
  ["config", "show, edit and approve configuration files"],
]);

/** The subcommands of a group by their names; for the empty group, the commands that are not in a group. */
export function commandsBelow(group: string): ReadonlyMap<string, CommandSpec> {
  const prefix = group === "" ? "" : `${group} `;
  const below = [...COMMANDS].flatMap(([name, spec]) => {
    const word = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    return word === "" || word.includes(" ") ? [] : ([[word, spec]] as const);
  });
  return new Map(below);
}
