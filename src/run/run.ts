import { chooseBackend, openBackend } from "../backends/registry.ts";
import type { Config } from "../core/config.ts";
import { withoutShownLinks } from "../core/mounts.ts";
import { xdgDirectories } from "../core/paths.ts";
import { planRun, refusal, requestedPaths, type Request } from "../core/plan.ts";
import type { RealPath } from "../trust/record.ts";
import type { HostFacts, PathFact, RunPlan } from "../core/types.ts";
import type { Exit } from "../runtime/command.ts";
import { SiloError } from "../errors.ts";
import { hostFacts, pathFacts } from "../sys/host/facts.ts";
import { onPath } from "../sys/host/which.ts";
import { readEnvironment, type HostEnvironment } from "../sys/host/environment.ts";
import { placeOver, rememberPlaces } from "../sys/state/written-places.ts";
import { presentPaths } from "../sys/files/present-paths.ts";
import { rememberRun } from "../sys/state/projects.ts";
import { socketWarnings } from "../sys/files/sockets.ts";
import { refreshInBackground, toolVersions } from "../sys/self/versions.ts";
import { projectFilesOf, toolByName } from "../tools/index.ts";
import type { Tool } from "../core/tool.ts";
import { tell } from "../ui/tell.ts";
import type { RunOptions } from "./types.ts";
import { chooseTool } from "./choose-tool.ts";
import { loadApproved } from "../trust/approved-config.ts";
import { confirmPlace } from "./confirm-directory.ts";
import { execute } from "./execute.ts";

/** What `silo [tool] [-- args...]` was asked to do. */
export type RunInput = {
  /** Undefined: as `chooseTool` chooses. */
  readonly tool: string | undefined;
  readonly args: readonly string[];
  readonly options: RunOptions;
};

/** Plans a run here and runs it, or prints it with `--dry-run`. @returns the tool's own exit code. */
export async function runTool({ tool: named, args, options }: RunInput): Promise<Exit> {
  const here = readEnvironment();
  const { config, mounts: checked } = await loadApproved(here, "run");
  const backend = await openBackend(
    chooseBackend(options.backend, config.backend?.value, onPath),
    config,
  );
  const host = await hostFacts(here);
  const ofPatterns = await patternMounts(config, here, host, options);
  const dirs = xdgDirectories(host.home, host.env);
  const tool = toolByName(named ?? (await chooseTool(config, host, dirs.state)));
  await approveToolFiles(tool, config, here, options);
  const versions = await toolVersions(tool, dirs.cache);
  const request: Request = {
    config,
    host,
    tool,
    args,
    versions,
    name: options.name,
    keep: options.keep,
    layer: backend.abilities.layer ?? "",
  };
  const refused = refusal(request);
  if (refused !== undefined) throw new SiloError(refused.message, { hint: refused.hint });
  const planned = planRun(
    request,
    await factsAsChecked(request, [...checked, ...ofPatterns], dirs.state),
  );
  const plan =
    backend.abilities.files === "direct"
      ? { ...planned, mounts: withoutShownLinks(planned.mounts) }
      : planned;
  await backend.check?.(plan);
  if (options["dry-run"]) {
    const [{ printPlan }, { withIds }] = await Promise.all([
      import("./dry-run.ts"),
      import("../sys/files/mount-ids.ts"),
    ]);
    const shown = { ...plan, mounts: withIds(plan.mounts, true) };
    return await printPlan(backend, shown, options.json);
  }
  await confirmPlace(host, plan.sensitive, options.yes);
  const asked = options.backend ?? config.backend?.value;
  if (asked === undefined && backend.autoDetectNotice !== undefined)
    await tell("info", [backend.autoDetectNotice]);
  const sockets =
    backend.abilities.files === "direct" ? socketWarnings(plan.mounts, host.home) : [];
  await tell("warn", [...backend.warnings, ...plan.warnings, ...sockets]);
  rememberPlaces(dirs.state, [host.cwd, ...writable(plan)]);
  rememberRun(dirs.state, host.cwd, tool.name, plan.image.tag);
  await refreshInBackground(dirs.cache);
  return await execute({ backend, plan, state: dirs.state, options });
}

/** The directories of the host that the tool can write. */
function writable({ mounts }: RunPlan): readonly string[] {
  return mounts.flatMap(({ mode, kind, source }) =>
    mode === "rw" && kind === "dir" ? [source] : [],
  );
}

/** Asks where a repository pattern needs an approval here. @returns where the mounts of such patterns led. */
async function patternMounts(
  config: Config,
  here: HostEnvironment,
  { git }: HostFacts,
  { "dry-run": dryRun }: RunOptions,
): Promise<readonly RealPath[]> {
  if (Object.keys(config.repos).length === 0) return [];
  const { ensurePatterns } = await import("../trust/repo-patterns.ts");
  return await ensurePatterns(config, here, git, !dryRun);
}

/** Asks where the tool runs or loads files of the project. */
async function approveToolFiles(
  tool: Tool,
  config: Config,
  here: HostEnvironment,
  { "dry-run": dryRun }: RunOptions,
): Promise<void> {
  if (presentPaths(here.cwd, projectFilesOf(tool)).length === 0) return;
  const { ensureToolFiles } = await import("../trust/approve-tool-files.ts");
  await ensureToolFiles(tool, config, here, dryRun);
}

/** What a plan wants to know of its paths. @throws SiloError where a mount leads elsewhere than when it was checked. */
async function factsAsChecked(
  request: Request,
  checked: readonly RealPath[],
  state: string,
): Promise<Readonly<Record<string, PathFact>>> {
  const facts = pathFacts(requestedPaths(request), (path) => placeOver(state, path));
  if (checked.length === 0) return facts;
  const { refuseMoved } = await import("../trust/record.ts");
  refuseMoved(checked, facts);
  return facts;
}
