import { pause } from "./pause.ts";
import type { Cmd } from "../../runtime/command.ts";
import type { Child, Interactive } from "../../runtime/child.ts";
import { start } from "./process.ts";
import { isTerminal } from "./tty.ts";

/** How long to wait for output after a command has exited, because an orphaned child may hold the pipe open. */
const IDLE_MS = 200;

/**
 * Starts a command on silo's own streams, with a pipe instead of each that is a TTY. Any program in the same sandbox can
 * open the command's descriptors (proc(5), `/proc/<pid>/fd`), and could read the user's terminal through them, even
 * after the command has exited.
 * @param onStderr gets its standard error instead of silo's own, in chunks.
 * @returns the process; its `exit` resolves after all output was relayed.
 * @throws as `start`.
 */
export async function offTerminal(
  cmd: Cmd,
  onStderr?: (chunk: Uint8Array) => void,
): Promise<Interactive> {
  const through = (fd: number) => (isTerminal(fd) ? "pipe" : "inherit");
  const typing = isTerminal(0);
  const child = await start(cmd, {
    stdin: through(0),
    stdout: through(1),
    stderr: onStderr === undefined ? through(2) : "pipe",
  });
  const release = typing ? feedTyped(child) : () => {};
  const passed = [
    pass(child.stdout, (chunk) => void process.stdout.write(chunk)),
    pass(child.stderr, onStderr ?? ((chunk) => void process.stderr.write(chunk))),
  ];
  const all = async () => {
    const code = await child.exit;
    await Promise.all(passed.map(({ ended, idle }) => Promise.race([ended, idle()])));
    return code;
  };
  const { pid, signalled, kill } = child;
  return { pid, signalled, kill, exit: all().finally(release) };
}

/** Relays the user's input until its end. @returns a function that stops relaying. */
function feedTyped(child: Child): () => void {
  const { stdin } = process;
  const typed = (chunk: Uint8Array) => child.feed(chunk);
  const closed = () => child.feed(undefined);
  stdin.on("data", typed);
  stdin.once("end", closed);
  stdin.resume();
  return () => {
    stdin.off("data", typed);
    stdin.off("end", closed);
    stdin.pause();
  };
}

/** Relays a stream. `ended` resolves at its end, `idle` when no output has come for a while. */
function pass(
  stream: ReadableStream<Uint8Array> | undefined,
  take: (chunk: Uint8Array) => void,
): { readonly ended: Promise<void>; readonly idle: () => Promise<void> } {
  let chunks = 0;
  const copy = async () => {
    if (stream === undefined) return;
    for await (const chunk of stream) {
      chunks += 1;
      take(chunk);
    }
  };
  const idle = async () => {
    for (let before = -1; before !== chunks;) {
      before = chunks;
      await pause(IDLE_MS);
    }
  };
  return { ended: copy(), idle };
}
