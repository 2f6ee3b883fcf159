import { ServiceNotRunning, SiloError } from "../errors.ts";
import { interactive } from "../sys/process/process.ts";
import { canAsk, confirm } from "../ui/prompts.ts";

/** Queries a backend. If its service is stopped and there is a TTY, offers to start the service and retries. */
export async function offeringToStart<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    if (!(error instanceof ServiceNotRunning) || !canAsk()) throw error;
    const command = error.start.join(" ");
    if (!(await confirm(`${error.message}. Start it now?`, command, true))) throw error;
    const [bin, ...args] = error.start;
    const code = await (await interactive({ bin, args })).exit;
    if (code !== 0) {
      throw new SiloError(`"${command}" failed with exit status ${code}`, { hint: "silo doctor" });
    }
    return await query();
  }
}
