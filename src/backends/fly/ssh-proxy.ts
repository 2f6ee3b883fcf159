import { appendFileSync } from "node:fs";
import { homedir } from "node:os";
import { xdgDirectories } from "../../core/paths.ts";
import { runInteractive } from "../../sys/process/supervised.ts";
import { SSHD_COMMAND } from "../remote/link/guest.ts";
import { makeEmptyFolder } from "../remote/local-state.ts";
import { consoleArgs } from "./args.ts";
import { flyCommand, flyFolder } from "./flyctl.ts";

/**
 * Connects ssh to a machine: starts sshd there through Fly's console, on this process's stdin and stdout. sshd listens on
 * no port, and each connection is its own process, so that a broken connection is never reused.
 * @returns flyctl's exit status.
 */
export async function sshProxy([
  app = "",
  machine = "",
  log = "",
]: readonly string[]): Promise<number> {
  const { state } = xdgDirectories(homedir(), process.env);
  const fly = { folder: flyFolder(state) };
  await makeEmptyFolder(fly);
  const appendToLog = (chunk: Uint8Array) => {
    try {
      appendFileSync(log, chunk, { mode: 0o600 });
    } catch {
      // The machine's directory is deleted with the machine.
    }
  };
  return await runInteractive(
    flyCommand(fly, consoleArgs(app, machine, SSHD_COMMAND)),
    appendToLog,
  );
}
