import type { RunPlan, Session } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import { buildCommands } from "./build.ts";
import { filterHex } from "./filter.ts";
import { LIKELY, made, prefixRoot } from "./features.ts";
import { hostView } from "./host.ts";
import { runCommand, type Surroundings } from "./run.ts";

/** The commands of a build and a run, with the bwrap features that were probed in the last build. */
export async function preview(
  plan: RunPlan,
  session: Session,
  surroundings: Omit<Surroundings, "view">,
): Promise<{ readonly fetch: Cmd; readonly build: Cmd; readonly run: Cmd }> {
  const view = await hostView();
  const root = prefixRoot(surroundings.cache, plan.image.tag);
  const known = made(root);
  const runtime = known?.ownRuntime === true ? process.execPath : undefined;
  const features = known ?? { ...LIKELY, filter: await filterHex(plan.user.uid) };
  const prefix = { root, runtime, features };
  const { fetch, rest } = buildCommands(plan.image, view, prefix);
  return {
    fetch,
    build: rest,
    run: runCommand(plan, session, { ...surroundings, view }, prefix),
  };
}
