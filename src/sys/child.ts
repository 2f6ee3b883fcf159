import { spawn as nodeSpawn } from "node:child_process";
import { constants } from "node:os";
import { Readable } from "node:stream";
import type { Cmd, Exit } from "../core/types.ts";

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
  readonly write: (data: string | Uint8Array) => void;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly unref: () => void;
};

/** 128 + n for a process that a signal ended. */
export function signalExit(signal: NodeJS.Signals | number): Exit {
  return 128 + (typeof signal === "number" ? signal : constants.signals[signal]);
}

/** Starts a process without Bun's own API, for Deno and Node. */
export function startWithNode(
  cmd: Cmd,
  env: Record<string, string>,
  options: SpawnOptions,
): Promise<Child> {
  const child = nodeSpawn(cmd.bin, [...cmd.args], {
    env: env,
    cwd: cmd.cwd,
    stdio: [options.stdin, options.stdout, options.stderr],
    detached: options.detached ?? false,
  });
  const web = (stream: Readable | null) =>
    stream === null ? undefined : (Readable.toWeb(stream) as unknown as ReadableStream<Uint8Array>);
  const exit = new Promise<Exit>((resolve) => {
    child.on("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : signalExit(signal)));
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("spawn", () =>
      resolve({
        pid: child.pid ?? 0,
        exit,
        signalled: () => child.signalCode !== null,
        stdout: web(child.stdout),
        stderr: web(child.stderr),
        write: (data) => child.stdin?.end(data),
        kill: (signal) => void child.kill(signal),
        unref: () => child.unref(),
      }),
    );
  });
}
