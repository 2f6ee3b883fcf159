import { killAll, processesWith } from "../../sys/process/marks.ts";
import { label } from "../engine/labels.ts";
import type { DockerSettings } from "./settings.ts";
import { reap } from "./list.ts";
import { wasStarted } from "./started.ts";

/** An engine goes on making a container whose command has ended; on a busy machine that takes seconds. */
const LATE_MS = 3_000;
const AGAIN_MS = 100;

/**
 * Deletes what belongs to sessions whose engine command has ended, or is ended here: a container that the engine is
 * still making as well, which no list has yet.
 */
export async function reapLate(
  settings: DockerSettings,
  sessions: readonly string[],
): Promise<void> {
  const seen = new Set(await reap(settings, sessions));
  const missing = sessions.filter((id) => !seen.has(id));
  // A command whose container was deleted ends by itself, and restores its terminal.
  killAll(
    processesWith(
      "cmdline",
      missing.map((id) => `${label("session", id)}\0`),
    ),
  );
  // A container that was started and is gone has ended by itself.
  const ran = await Promise.all(missing.map((id) => wasStarted(id, settings)));
  const open = new Set([...seen, ...missing.filter((_, i) => ran[i] !== true)]);
  const end = performance.now() + LATE_MS;
  while (open.size > 0 && performance.now() < end) {
    const found = await reap(settings, [...open]);
    // One that is listed may not be known to `rm` yet (dockerd 20.10), so it is gone when it is listed no more.
    for (const id of open) if (seen.has(id) && !found.includes(id)) open.delete(id);
    for (const id of found) seen.add(id);
    if (open.size > 0) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
