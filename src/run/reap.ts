import type { Backend } from "../backends/backend.ts";
import { tell } from "../ui/tell.ts";
import { deadSessions, forgetSession } from "../sys/state/sessions.ts";

/**
 * Deletes what silos that were killed left behind. Its failure is no matter: the next command
 * tries again. @returns the sessions whose leftovers are gone.
 */
export async function reapDead(backend: Backend, state: string): Promise<readonly string[]> {
  try {
    const dead = (await deadSessions(state, backend.name)).map(({ id }) => id);
    if (dead.length === 0) return [];
    await tell("warn", await backend.reap(dead));
    for (const id of dead) forgetSession(state, id);
    return dead;
  } catch {
    // The engine is down or busy; the files stay.
    return [];
  }
}
