import { capture } from "../../sys/process/process.ts";
import { startsOf } from "./args.ts";
import type { DockerSettings } from "./settings.ts";

/** An engine that does not answer has not started it; one that is asked in vain would keep its question open. */
const EVENTS_MS = 5_000;

/** Whether a session's container was ever started, as the engine remembers it; it may be gone since. */
export async function wasStarted(
  session: string,
  { command: bin }: DockerSettings,
): Promise<boolean> {
  const { stdout } = await capture({ bin, args: startsOf(session, Date.now()) }, EVENTS_MS);
  return stdout.trim() !== "";
}
