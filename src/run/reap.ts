import type { Backend } from "../backends/backend.ts";
import { deadSessions, forgetSession } from "../sys/state/sessions.ts";
import { log } from "../ui/log.ts";

/**
 * Reaps containers orphaned by killed silo processes. Best effort: the next command retries.
 * @returns the sessions whose containers were reaped.
 */
export async function reapDead(backend: Backend, state: string): Promise<readonly string[]> {
  try {
    const dead = (await deadSessions(state, backend.name)).map(({ id }) => id);
    if (dead.length === 0) return [];
    await log.warn(...(await backend.reap(dead)));
    for (const id of dead) forgetSession(state, id);
    return dead;
  } catch {
    // The engine is stopped or busy; the session records are kept for the next command.
    return [];
  }
}
