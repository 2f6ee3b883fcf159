import { pause } from "../../sys/process/pause.ts";
import { killAll, processesWith } from "../../sys/process/marks.ts";
import { label } from "../engine/labels.ts";
import type { DockerSettings } from "./settings.ts";
import { reap } from "./list.ts";
import { wasStarted } from "./started.ts";

/** How long to wait for a container whose command was killed, because the engine still creates it, slowly on a busy machine. */
const LATE_MS = 3_000;
const AGAIN_MS = 100;

/**
 * Deletes the containers of sessions and kills their engine commands. Waits for containers that the engine is still
 * creating and does not list yet.
 */
export async function reapLate(
  settings: DockerSettings,
  sessions: readonly string[],
): Promise<void> {
  const seen = new Set(await reap(settings, sessions));
  const missing = sessions.filter((id) => !seen.has(id));
  // Only commands without a container are killed, because the others exit by themselves and restore their terminals.
  killAll(
    processesWith(
      "cmdline",
      missing.map((id) => `${label("session", id)}\0`),
    ),
  );
  // A session whose container was started and no longer exists is done.
  const ran = await Promise.all(missing.map((id) => wasStarted(id, settings)));
  const open = new Set([...seen, ...missing.filter((_, i) => ran[i] !== true)]);
  const end = performance.now() + LATE_MS;
  while (open.size > 0 && performance.now() < end) {
    const found = await reap(settings, [...open]);
    // `rm` may not know a listed container yet (dockerd 20.10), so it is gone only when it is no longer listed.
    for (const id of open) if (seen.has(id) && !found.includes(id)) open.delete(id);
    for (const id of found) seen.add(id);
    if (open.size > 0) await pause(AGAIN_MS);
  }
}
