import { chooseBackend, openBackend } from "../backends/registry.ts";
import type { Config } from "../core/config.ts";
import { withoutShownLinks } from "../core/mounts.ts";
import { xdgDirectories } from "../core/paths.ts";
import { planRun, refusal, requestedPaths, type Request } from "../core/plan.ts";
import type { Tool } from "../core/tool.ts";
import type { HostFacts, PathFact } from "../core/types.ts";
import { SiloError } from "../errors.ts";
import { presentPaths } from "../sys/files/present-paths.ts";
import { readEnvironment, type HostEnvironment } from "../sys/host/environment.ts";
import { hostFacts, pathFacts } from "../sys/host/facts.ts";
import { onPath } from "../sys/host/which.ts";
import { toolVersions } from "../sys/self/versions.ts";
import { placeOver } from "../sys/state/written-places.ts";
import { projectFilesOf, toolByName } from "../tools/index.ts";
import { loadApproved } from "../trust/approved-config.ts";
import type { RealPath } from "../trust/record.ts";
import { chooseTool } from "./choose-tool.ts";
import type { RunContext, RunOptions } from "./types.ts";

/** The arguments and options of `silo [tool] [-- args...]`. */
export type RunInput = {
  /** The name of the tool; undefined for plain `silo`, which calls `chooseTool`. */
  readonly tool: string | undefined;
  readonly args: readonly string[];
  readonly options: RunOptions;
};

/**
 * Plans a run. Reads the configuration and the host, and asks for the approvals and choices that the plan depends on.
 * It starts nothing, and changes only the recorded approvals.
 * @throws SiloError if the run is not possible or not approved.
 */
export async function prepare({ tool: named, args, options }: RunInput): Promise<RunContext> {
  const here = readEnvironment();
  const { config, mounts } = await loadApproved(here, "run");
  const configured = config.backend?.value;
  const backend = await openBackend(chooseBackend(options.backend, configured, onPath), config);
  const host = await hostFacts(here);
  const patternMounts = await approvePatterns(config, here, host, options);
  const { state, cache } = xdgDirectories(host.home, host.env);
  const tool = toolByName(named ?? (await chooseTool(config, host, state)));
  await approveToolFiles(tool, config, here, options);
  const request: Request = {
    config,
    host,
    tool,
    args,
    versions: await toolVersions(tool, cache),
    name: options.name,
    keep: options.keep,
    layer: backend.abilities.layer ?? "",
  };
  const refused = refusal(request);
  if (refused !== undefined) throw new SiloError(refused.message, { hint: refused.hint });
  const planned = planRun(
    request,
    await checkedFacts(request, [...mounts, ...patternMounts], state),
  );
  const plan =
    backend.abilities.files === "direct"
      ? { ...planned, mounts: withoutShownLinks(planned.mounts) }
      : planned;
  await backend.check?.(plan);
  const detected = (options.backend ?? configured) === undefined;
  return { backend, detected, plan, options, host, state, cache };
}

/** Asks for the approval of repository patterns that match here. @returns the real paths of their mounts. */
async function approvePatterns(
  config: Config,
  here: HostEnvironment,
  { git }: HostFacts,
  options: RunOptions,
): Promise<readonly RealPath[]> {
  if (Object.keys(config.repos).length === 0) return [];
  const { ensurePatterns } = await import("../trust/repo-patterns.ts");
  return await ensurePatterns(config, here, git, !options["dry-run"]);
}

/** Asks for the approval of project files that the tool runs or loads. */
async function approveToolFiles(
  tool: Tool,
  config: Config,
  here: HostEnvironment,
  options: RunOptions,
): Promise<void> {
  if (presentPaths(here.cwd, projectFilesOf(tool)).length === 0) return;
  const { ensureToolFiles } = await import("../trust/approve-tool-files.ts");
  await ensureToolFiles(tool, config, here, options["dry-run"]);
}

/**
 * Gathers the facts about every path of the plan.
 * @throws SiloError if a mount resolves to another path than when it was approved.
 */
async function checkedFacts(
  request: Request,
  approved: readonly RealPath[],
  state: string,
): Promise<Readonly<Record<string, PathFact>>> {
  const facts = pathFacts(requestedPaths(request), (path) => placeOver(state, path));
  if (approved.length === 0) return facts;
  const { refuseMoved } = await import("../trust/record.ts");
  refuseMoved(approved, facts);
  return facts;
}
