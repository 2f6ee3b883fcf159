import type { Backend } from "../backends/backend.ts";
import type { RunPlan } from "../core/types.ts";
import type { Exit } from "../runtime/command.ts";
import { SiloError } from "../errors.ts";
import { tryLock, type Lock } from "../sys/state/locks.ts";
import { unseenTips } from "../sys/state/tips.ts";
import { withIds } from "../sys/files/mount-ids.ts";
import { createMissing } from "../sys/files/create-missing.ts";
import { openSession } from "../sys/state/sessions.ts";
import { tell } from "../ui/tell.ts";
import type { RunOptions } from "./types.ts";
import { launch } from "./launch.ts";
import { reapDead } from "./reap.ts";

export type Execution = {
  readonly backend: Backend;
  readonly plan: RunPlan;
  /** The XDG state directory. */
  readonly state: string;
  readonly options: RunOptions;
};

/** Carries out a plan: makes what it needs on the host, runs it, and leaves nothing behind. */
export async function execute({ backend, plan, state, options }: Execution): Promise<Exit> {
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
  await tell(
    "info",
    tips.map(({ text }) => text),
  );
  let lock: Lock | undefined;
  const cleaned = reapDead(backend, state);
  try {
    lock = await holdExclusive(plan, state);
    return await launch({
      backend,
      plan: { ...plan, mounts: withIds(plan.mounts) },
      state,
      own: session,
      forceBuild: options["force-build"],
      verbose: options.verbose,
    });
  } finally {
    session.close();
    await Promise.all([lock?.release(), cleaned]);
  }
}

async function holdExclusive(plan: RunPlan, state: string): Promise<Lock | undefined> {
  if (plan.exclusive === undefined) return undefined;
  const lock = await tryLock(state, `exclusive ${plan.exclusive}`);
  if ("release" in lock) return lock;
  throw new SiloError(
    `another ${plan.tool} (process ${lock.pid}) uses ${plan.exclusive}, and two would damage its database`,
    { hint: "silo ls   # use or end the one that runs" },
  );
}
