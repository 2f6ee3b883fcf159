import type { Config } from "../core/config.ts";
import { matchingRepos } from "../core/repos.ts";
import type { HostFacts } from "../core/types.ts";
import { project } from "../sys/state/projects.ts";
import { TOOLS } from "../tools/index.ts";
import type { ToolName } from "../core/tool-names.ts";
import { choose } from "../ui/prompts.ts";

/**
 * Chooses the tool of plain `silo`: the tool of the matching repository pattern (longest first), else the configured
 * tool, else one picked from a list. The list starts with the tool last used in this directory.
 * @throws UsageError if stdin is not a TTY, Cancelled if nothing is picked.
 */
export async function chooseTool(
  config: Config,
  { cwd, git }: HostFacts,
  state: string,
): Promise<ToolName> {
  const patterns = matchingRepos(Object.keys(config.repos), git.remotes);
  const ofRepo = patterns.toReversed().map((pattern) => config.repos[pattern]?.tool);
  const configured = ofRepo.find((known) => known !== undefined) ?? config.tool;
  return configured === undefined ? await pickTool(project(state, cwd)?.tool) : configured.value;
}

async function pickTool(last: string | undefined): Promise<ToolName> {
  const first = TOOLS.filter(({ name }) => name === last);
  const widest = Math.max(...TOOLS.map(({ name }) => name.length));
  return await choose(
    "Which tool?",
    [...first, ...TOOLS.filter((tool) => !first.includes(tool))].map(
      ({ name, title, description }) => ({
        value: name,
        label: `${name.padEnd(widest)}  ${title}: ${description}`,
      }),
    ),
    'silo claude   # or set "tool": "claude" in ~/.config/silo/silo.jsonc',
  );
}
