import type { Exit } from "../runtime/command.ts";
import { createMissing } from "../sys/files/create-missing.ts";
import { withIds } from "../sys/files/mount-ids.ts";
import { openSession } from "../sys/state/sessions.ts";
import { unseenTips } from "../sys/state/tips.ts";
import { log } from "../ui/log.ts";
import { openCompanions } from "./companions.ts";
import { launch } from "./launch.ts";
import type { RunContext } from "./types.ts";

/** Runs a prepared context: creates missing directories, opens the companions, and launches the tool. */
export async function execute(context: RunContext): Promise<Exit> {
  const { backend, plan, state } = context;
  const [session, tips] = await Promise.all([
    openSession(state, backend.name, {
      tool: plan.tool,
      image: plan.image.tag,
      directory: plan.workdir,
      user: plan.user.name,
    }),
    unseenTips(state, plan.tips),
    createMissing(plan.creations),
  ]);
  await log.info(...tips.map(({ text }) => text));
  await using stack = new AsyncDisposableStack();
  stack.defer(session.close);
  await openCompanions(stack, context, session.id);
  // The ids are read as late as possible, because the backend compares them with what it mounts.
  return await launch({ ...context, plan: { ...plan, mounts: withIds(plan.mounts) } }, session);
}
