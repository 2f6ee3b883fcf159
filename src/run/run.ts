import type { RunPlan } from "../core/types.ts";
import type { Exit } from "../runtime/command.ts";
import { socketWarnings } from "../sys/files/sockets.ts";
import { refreshInBackground } from "../sys/self/versions.ts";
import { rememberRun } from "../sys/state/projects.ts";
import { rememberPlaces } from "../sys/state/written-places.ts";
import { log } from "../ui/log.ts";
import { confirmDirectories } from "./confirm-directory.ts";
import { execute } from "./execute.ts";
import { prepare, type RunInput } from "./prepare.ts";
import type { RunContext } from "./types.ts";

/** Runs a tool in the working directory; with `--dry-run` prints the plan instead. @returns the exit status of the tool. */
export async function runTool(input: RunInput): Promise<Exit> {
  const context = await prepare(input);
  const { plan, host, state, cache, options } = context;
  if (options["dry-run"]) return await printDryRun(context);
  await confirmDirectories(host, plan.sensitive, options.yes);
  await printNotices(context);
  rememberPlaces(state, [host.cwd, ...writable(plan)]);
  rememberRun(state, host.cwd, plan.tool, plan.image.tag);
  await refreshInBackground(cache);
  return await execute(context);
}

async function printDryRun({ backend, plan, options }: RunContext): Promise<Exit> {
  const [{ printPlan }, { withIds }] = await Promise.all([
    import("./dry-run.ts"),
    import("../sys/files/mount-ids.ts"),
  ]);
  return await printPlan(backend, { ...plan, mounts: withIds(plan.mounts, true) }, options.json);
}

async function printNotices({ backend, plan, host, detected }: RunContext): Promise<void> {
  if (detected && backend.autoDetectNotice !== undefined) await log.info(backend.autoDetectNotice);
  const sockets =
    backend.abilities.files === "direct" ? socketWarnings(plan.mounts, host.home) : [];
  await log.warn(...backend.warnings, ...plan.warnings, ...sockets);
}

/** The host directories that the tool can write to. */
function writable({ mounts }: RunPlan): readonly string[] {
  return mounts.flatMap(({ mode, kind, source }) =>
    mode === "rw" && kind === "dir" ? [source] : [],
  );
}
