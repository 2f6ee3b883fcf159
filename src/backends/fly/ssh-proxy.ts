import { appendFileSync } from "node:fs";
import { homedir } from "node:os";
import { xdgDirectories } from "../../core/paths.ts";
import { interactive } from "../../sys/process/process.ts";
import { supervise } from "../../sys/process/signals.ts";
import { consoleArgs } from "./args.ts";
import { flyCommand, makeFolders } from "./flyctl.ts";
import { SSHD_COMMAND } from "../remote/link/guest.ts";

/**
 * ssh's way to a machine: an sshd that Fly's console starts there, on this process' own input and output. Nothing
 * listens anywhere; each connection is a process of its own, so that a broken one is never used again.
 * @returns flyctl's exit code.
 */
export async function flyPipe([
  app = "",
  machine = "",
  log = "",
]: readonly string[]): Promise<number> {
  const { state } = xdgDirectories(homedir(), process.env);
  await makeFolders(state);
  const say = (chunk: Uint8Array) => {
    try {
      appendFileSync(log, chunk, { mode: 0o600 });
    } catch {
      // The machine's folder goes when the machine goes.
    }
  };
  const cmd = flyCommand(state, consoleArgs(app, machine, SSHD_COMMAND));
  const child = await interactive(cmd, say);
  const release = supervise({ forward: child.kill, destroy: () => child.kill("SIGKILL") });
  return await child.exit.finally(release);
}
