import type { Cmd } from "./command.ts";
import { signalExit, type Child, type OnTerminal, type SpawnOptions } from "./child.ts";

// The only module that uses the Bun API; also has the fallback for other runtimes.

export const hasBun = typeof Bun !== "undefined";

/** SHA-256 of a text or of bytes, in hex. Uses Bun's, because loading `node:crypto` takes as long as planning a run. */
export function sha256(text: string | Uint8Array): string {
  if (hasBun) return new Bun.CryptoHasher("sha256").update(text).digest("hex");
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(text).digest("hex");
}

export function startWithBun(
  { bin, args, cwd, newSession, files = [] }: Cmd,
  env: NodeJS.ProcessEnv,
  options: SpawnOptions,
): Child {
  const child = Bun.spawn([bin, ...args], {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    stdio: [options.stdin, options.stdout, options.stderr, ...files],
    detached: options.detached ?? newSession ?? false,
  });
  const { stdin, stdout, stderr } = child;
  return {
    ...ending(child),
    pid: child.pid,
    stdout: stdout instanceof ReadableStream ? stdout : undefined,
    stderr: stderr instanceof ReadableStream ? stderr : undefined,
    write: (data) => {
      if (stdin === undefined || typeof stdin === "number") return;
      // A process that exits without reading its input reports that by its exit code.
      const written = async () => {
        await stdin.write(data);
        await stdin.end();
      };
      written().catch(() => {});
    },
    feed: (chunk) => {
      if (stdin === undefined || typeof stdin === "number") return;
      const fed = async () => {
        if (chunk !== undefined) await stdin.write(chunk);
        await (chunk === undefined ? stdin.end() : stdin.flush());
      };
      fed().catch(() => {});
    },
    unref: () => child.unref(),
  };
}

export type Size = { readonly columns: number; readonly rows: number };

/** Starts a command on a new PTY. `shows` gets its output, `ends` is called after the last output. */
export function startOnTerminalWithBun(
  { bin, args, cwd, files = [] }: Cmd,
  env: NodeJS.ProcessEnv,
  { columns, rows }: Size,
  shows: (chunk: Uint8Array) => void,
  ends: () => void,
): OnTerminal {
  const child = Bun.spawn([bin, ...args], {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    // Descriptors 0 to 2 are the terminal.
    stdio: [null, null, null, ...files],
    terminal: {
      cols: columns,
      rows,
      data: (_, chunk) => shows(chunk),
      exit: () => ends(),
    },
  });
  return {
    ...ending(child),
    pid: child.pid,
    write: (data) => void child.terminal?.write(data),
    resize: (cols, lines) => child.terminal?.resize(cols, lines),
  };
}

/** The exit status of a process, and whether a signal ended it. */
function ending(child: Bun.Subprocess): Pick<Child, "exit" | "signalled" | "kill"> {
  return {
    exit: child.exited.then(() =>
      child.signalCode === null ? (child.exitCode ?? 1) : signalExit(child.signalCode),
    ),
    signalled: () => child.signalCode !== null,
    kill: (signal) => child.kill(signal),
  };
}
