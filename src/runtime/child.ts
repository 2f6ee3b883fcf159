import type { Exit } from "./command.ts";

type Stdio = "inherit" | "pipe" | "ignore";
export type SpawnOptions = {
  readonly stdin: Stdio;
  readonly stdout: Stdio;
  readonly stderr: Stdio;
  readonly detached?: boolean;
};

/** A started process, the same under Bun and under Deno's and Node's `child_process`. */
export type Child = {
  readonly pid: number;
  readonly exit: Promise<Exit>;
  /** Whether a signal ended it. */
  readonly signalled: () => boolean;
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
  /** Writes all of its standard input and closes it. */
  readonly write: (data: string | Uint8Array) => void;
  /** Writes a part of its standard input; undefined closes it. */
  readonly feed: (chunk: Uint8Array | undefined) => void;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly unref: () => void;
};

/** 128 + n for a process ended by signal n. Looks up the number only then, because few processes end so. */
export function signalExit(signal: NodeJS.Signals | number): Exit {
  if (typeof signal === "number") return 128 + signal;
  return 128 + process.getBuiltinModule("node:os").constants.signals[signal];
}

/** A process on the user's terminal. */
export type Interactive = {
  readonly pid: number;
  readonly exit: Promise<Exit>;
  /** Whether a signal ended it, known after `exit`. */
  readonly signalled: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => void;
};

/** A command on its own PTY. */
export type OnTerminal = Interactive & {
  readonly write: (data: Uint8Array) => void;
  readonly resize: (columns: number, rows: number) => void;
};
