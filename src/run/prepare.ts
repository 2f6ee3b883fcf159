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

/** A run as the command line requests it: `silo [tool] [-- args...]`. */
export type RunInput = {
  /** Undefined: as `chooseTool` chooses. */
  readonly tool: string | undefined;
  readonly args: readonly string[];
  readonly options: RunOptions;
};

/**
 * Plans a run. Reads the configuration and the host, and asks for the approvals and choices that the plan depends on;
 * it starts nothing and changes nothing but recorded approvals.
 * @throws SiloError where the run is not possible or not approved.
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

/** Asks where a repository pattern needs an approval here. @returns the real paths of its mounts. */
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

/** Asks where the tool runs or loads files of the project that are not approved. */
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
 * The facts about every path of the plan.
 * @throws SiloError where a mount resolves to another path than when it was approved.
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
