import { ServiceNotRunning, SiloError } from "../errors.ts";
import { interactive } from "../sys/process/process.ts";
import { canAsk, confirm } from "../ui/prompts.ts";

/** Asks a backend; where its service is not started, offers on a terminal to start it, and asks again. */
export async function offeringToStart<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ServiceNotRunning) || !canAsk()) throw error;
    const typed = error.start.join(" ");
    if (!(await confirm(`${error.message}. Start it now?`, typed, true))) throw error;
    const [bin, ...args] = error.start;
    const code = await (await interactive({ bin, args })).exit;
    if (code !== 0) throw new SiloError(`${typed} ended with ${code}`, { hint: "silo doctor" });
    return await ask();
  }
}
