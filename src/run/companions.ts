import { errorLine, SiloError } from "../errors.ts";
import { tryLock } from "../sys/state/locks.ts";
import { log } from "../ui/log.ts";
import type { Companion } from "../core/companion.ts";
import { reapDead } from "./reap.ts";
import type { RunContext } from "./types.ts";

/**
 * Opens the companions of a run one after the other. The stack closes them in reverse order. A failed close is a
 * warning, so that the others are still closed and the tool's exit status is kept.
 */
export async function openCompanions(
  stack: AsyncDisposableStack,
  context: RunContext,
  session: string,
): Promise<void> {
  for (const { name, open } of [
    reaper(context),
    exclusiveLock(context),
    ...(context.backend.companions?.(context.plan) ?? []),
  ]) {
    const close = await open(session);
    if (close === undefined) continue;
    stack.defer(async () => {
      try {
        await log.warn(...(await close()));
      } catch (error) {
        await log.warn(`${name}: ${errorLine(error)}`);
      }
    });
  }
}

/** Reaps orphaned containers in the background while the tool starts and runs. */
function reaper({ backend, state }: RunContext): Companion {
  return {
    name: "removing orphaned containers",
    open: () => {
      const reaped = reapDead(backend, state);
      return Promise.resolve(async () => {
        await reaped;
        return [];
      });
    },
  };
}

/** Locks the tool's exclusive directory, which two runs must not use at the same time. */
function exclusiveLock({ plan, state }: RunContext): Companion {
  return {
    name: "releasing the lock",
    open: async () => {
      if (plan.exclusive === undefined) return undefined;
      const lock = await tryLock(state, `exclusive ${plan.exclusive}`);
      if ("release" in lock)
        return async () => {
          await lock.release();
          return [];
        };
      throw new SiloError(
        `${plan.tool} is already running (process ${lock.pid}); two would damage the database in ${plan.exclusive}`,
        { hint: "silo ls   # attach to the running one, or remove it" },
      );
    },
  };
}
