import { spawn as nodeSpawn } from "node:child_process";
import { Readable } from "node:stream";
import type { Cmd, Exit } from "./command.ts";
import { signalExit, type Child, type SpawnOptions } from "./child.ts";

/** Starts a process without Bun's own API, for Deno and Node. */
export function startWithNode(
  cmd: Cmd,
  env: NodeJS.ProcessEnv,
  options: SpawnOptions,
): Promise<Child> {
  const child = nodeSpawn(cmd.bin, [...cmd.args], {
    env: env,
    cwd: cmd.cwd,
    stdio: [options.stdin, options.stdout, options.stderr, ...(cmd.files ?? [])],
    detached: options.detached ?? cmd.newSession ?? false,
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
        write: (data) => {
          // A process that exits without reading its input reports that by its exit code.
          child.stdin?.on("error", () => {});
          child.stdin?.end(data);
        },
        feed: (chunk) => {
          child.stdin?.on("error", () => {});
          if (chunk === undefined) child.stdin?.end();
          else child.stdin?.write(chunk);
        },
        kill: (signal) => void child.kill(signal),
        unref: () => child.unref(),
      }),
    );
  });
}
