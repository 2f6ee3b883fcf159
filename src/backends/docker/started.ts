import { capture } from "../../sys/process/process.ts";
import { startsOf } from "./args.ts";
import type { DockerSettings } from "./settings.ts";

/** Timeout of the query; after it the container counts as not started. */
const EVENTS_MS = 5_000;

/** Whether a session's container was ever started, from the engine's events; it may no longer exist. */
export async function wasStarted(
  session: string,
  { command: bin }: DockerSettings,
): Promise<boolean> {
  const { stdout } = await capture({ bin, args: startsOf(session, Date.now()) }, EVENTS_MS);
  return stdout.trim() !== "";
}
