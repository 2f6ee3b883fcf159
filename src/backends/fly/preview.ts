import type { RunPlan, Session } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import { runArgs, type FlySettings } from "./args.ts";
import { buildCommand } from "./build.ts";
import { flyCommand } from "./flyctl.ts";

/** The commands for `--dry-run`: the build and the start of the machine. The ssh commands are omitted, because they need the machine's id. */
export function previewRun(
  plan: RunPlan,
  session: Session,
  settings: FlySettings,
  folder: string,
): { readonly build: Cmd; readonly run: Cmd } {
  const build = buildCommand(plan.image, settings, folder, { context: ".", fresh: false });
  return { build, run: flyCommand({ folder }, runArgs(plan, session, settings)) };
}
