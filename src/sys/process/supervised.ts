import type { Interactive } from "../../runtime/child.ts";
import type { Cmd, Exit } from "../../runtime/command.ts";
import { interactive } from "./process.ts";
import { supervise } from "./signals.ts";

/**
 * Waits for a started command and forwards silo's signals to it.
 * @param newSession whether it is in its own session, so that the terminal sends it no signal.
 */
export async function supervised(child: Interactive, newSession = false): Promise<Exit> {
  const release = supervise({
    forward: child.kill,
    destroy: () => child.kill("SIGKILL"),
    newSession,
  });
  return await child.exit.finally(release);
}

/**
 * Runs a command on silo's own terminal to its end, and forwards silo's signals to it.
 * @param onStderr gets its standard error instead of the terminal, in chunks.
 * @throws ProgramMissing if the program does not exist.
 */
export async function runInteractive(
  cmd: Cmd,
  onStderr?: (chunk: Uint8Array) => void,
): Promise<Exit> {
  return await supervised(await interactive(cmd, onStderr));
}
