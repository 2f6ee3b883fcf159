import type { RunPlan, Session } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import { runArgs, type FlySettings } from "./args.ts";
import { flyCommand } from "./flyctl.ts";
import { buildCommand } from "./build.ts";
import type { Here } from "../remote/link/link.ts";

/** What `--dry-run` shows: the commands that cost something. The way into the machine depends on its id. */
export function previewRun(
  plan: RunPlan,
  session: Session,
  settings: FlySettings,
  { state }: Here,
): Promise<{ readonly build: Cmd; readonly run: Cmd }> {
  return Promise.resolve({
    build: buildCommand(plan.image, settings, state, ".", false),
    run: flyCommand(state, runArgs(plan, session, settings)),
  });
}
