import { pause } from "./pause.ts";
import type { Cmd } from "../../runtime/command.ts";
import type { Interactive } from "../../runtime/child.ts";
import { startOnTerminal } from "./process.ts";

/** How long to wait for output after the command has exited, because an orphaned child may hold the PTY open. */
const DRAIN_MS = 200;

/**
 * Starts a command on its own PTY and relays the output, so that the tool cannot inject input (TIOCSTI) into the
 * user's terminal. The exit status is reported after all output is shown.
 */
export function onOwnTerminal(cmd: Cmd): Interactive {
  const { stdin, stdout } = process;
  let ended: () => void = () => {};
  const drained = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  const shows = (chunk: Uint8Array) => void stdout.write(chunk);
  const child = startOnTerminal(cmd, size(), shows, () => ended());
  const typed = (chunk: Uint8Array) => child.write(chunk);
  const resized = () => child.resize(size().columns, size().rows);
  stdin.setRawMode(true);
  stdin.on("data", typed);
  stdin.resume();
  stdout.on("resize", resized);
  const restore = () => {
    stdin.off("data", typed);
    stdout.off("resize", resized);
    stdin.setRawMode(false);
    stdin.pause();
  };
  const { pid, signalled, kill } = child;
  const all = async () => {
    const code = await child.exit;
    await Promise.race([drained, pause(DRAIN_MS)]);
    return code;
  };
  return { pid, signalled, kill, exit: all().finally(restore) };
}
