import type { Cmd, Exit } from "../../runtime/command.ts";
import { errorCode, errorText, SiloError } from "../../errors.ts";
import { hasBun, startOnTerminalWithBun, startWithBun, type Size } from "../../runtime/bun.ts";
import type { Child, Interactive, OnTerminal, SpawnOptions } from "../../runtime/child.ts";
import { childPath, skippedPrograms, whereIs } from "../host/which.ts";

/** The program is not installed, or not on PATH. The detail names programs of that name that silo does not start. */
export class ProgramMissing extends SiloError {
  readonly bin: string;
  constructor(bin: string) {
    const detail = skippedPrograms(bin).map(({ path, why }) => `${path} is skipped: ${why}`);
    super(`${bin}: command not found`, { detail });
    this.bin = bin;
  }
}

/** Variables removed for children, because they change how Bun behaves, and a child may be a Bun. */
const DROPPED = ["BUN_OPTIONS", "BUN_BE_BUN", "BUN_INSPECT"];

function childEnvironment({ env: added, unsetEnv = [], cleanEnv }: Cmd): NodeJS.ProcessEnv {
  if (cleanEnv === true) return { ...added };
  const env = { ...process.env };
  for (const name of [...DROPPED, ...unsetEnv]) delete env[name];
  // Commands look for further programs there: credential helpers, ssh.
  const path = childPath();
  return { ...env, ...(path === undefined ? {} : { PATH: path }), ...added };
}

/**
 * The command with its program's absolute path, so that the system does not search the unfiltered PATH.
 * @throws ProgramMissing if no trusted entry of PATH has it.
 */
function located(cmd: Cmd): Cmd {
  if (cmd.bin.startsWith("/")) return cmd;
  const bin = cmd.bin.includes("/") ? undefined : whereIs(cmd.bin);
  if (bin === undefined) throw new ProgramMissing(cmd.bin);
  return { ...cmd, bin };
}

/**
 * Starts a command. Most callers want one of the functions below.
 * @throws ProgramMissing if the program does not exist, SiloError if it cannot be started.
 */
export async function start(cmd: Cmd, options: SpawnOptions): Promise<Child> {
  try {
    const found = located(cmd);
    if (hasBun) return startWithBun(found, childEnvironment(cmd), options);
    const { startWithNode } = await import("../../runtime/node-child.ts");
    return await startWithNode(found, childEnvironment(cmd), options);
  } catch (error) {
    if (error instanceof ProgramMissing) throw error;
    if (errorCode(error) === "ENOENT") throw new ProgramMissing(cmd.bin);
    throw new SiloError(`${cmd.bin} could not be started: ${errorText(error)}`);
  }
}

async function text(stream: ReadableStream<Uint8Array> | undefined): Promise<string> {
  return stream === undefined ? "" : await new Response(stream).text();
}

async function eachLine(
  stream: ReadableStream<Uint8Array> | undefined,
  onLine: (line: string) => void,
): Promise<void> {
  if (stream === undefined) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line.replace(/\r$/, ""));
  }
  if (rest !== "") onLine(rest);
}

export type Captured = { readonly code: Exit; readonly stdout: string; readonly stderr: string };

/**
 * Runs a command to its end and returns what it printed.
 * @param timeoutMs after which it is killed (exit 137); none by default.
 * @throws ProgramMissing if the program does not exist.
 */
export async function capture(cmd: Cmd, timeoutMs?: number): Promise<Captured> {
  const child = await start(cmd, {
    stdin: cmd.stdin === undefined ? "ignore" : "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  if (cmd.stdin !== undefined) child.write(cmd.stdin);
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  try {
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      child.exit,
    ]);
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a command and calls `onLine` for each line of its output.
 * @param signal sends it SIGINT when aborted.
 */
export async function stream(
  cmd: Cmd,
  onLine: (line: string, source: "stdout" | "stderr") => void,
  signal?: AbortSignal,
): Promise<Exit> {
  const child = await start(cmd, {
    stdin: cmd.stdin === undefined ? "ignore" : "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  if (cmd.stdin !== undefined) child.write(cmd.stdin);
  const abort = () => child.kill("SIGINT");
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const [code] = await Promise.all([
    child.exit,
    eachLine(child.stdout, (line) => onLine(line, "stdout")),
    eachLine(child.stderr, (line) => onLine(line, "stderr")),
  ]);
  signal?.removeEventListener("abort", abort);
  return code;
}

/**
 * Starts a command on silo's own stdin and stdout, which it reads and writes itself.
 * @param onStderr gets its standard error instead of the terminal, in chunks; `exit` waits for the last one.
 */
export async function interactive(
  cmd: Cmd,
  onStderr?: (chunk: Uint8Array) => void,
): Promise<Interactive> {
  const child = await start(cmd, {
    stdin: "inherit",
    stdout: "inherit",
    stderr: onStderr === undefined ? "inherit" : "pipe",
  });
  const drain = async () => {
    if (onStderr === undefined || child.stderr === undefined) return;
    for await (const chunk of child.stderr) onStderr(chunk);
  };
  const drained = drain();
  return {
    pid: child.pid,
    exit: child.exit.then(async (code) => {
      await drained;
      return code;
    }),
    signalled: child.signalled,
    kill: child.kill,
  };
}

/**
 * Starts a command on a new pseudo-terminal.
 * @param shows gets its output.
 * @param ends is called after the last output.
 */
export function startOnTerminal(
  cmd: Cmd,
  size: Size,
  shows: (chunk: Uint8Array) => void,
  ends: () => void,
): OnTerminal {
  return startOnTerminalWithBun(located(cmd), childEnvironment(cmd), size, shows, ends);
}

/** Starts a detached command that outlives silo. Ignores a missing program. */
export async function detach(cmd: Cmd): Promise<void> {
  try {
    const child = await start(cmd, {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
      detached: true,
    });
    child.unref();
  } catch {
    // Best effort: the next run starts it again.
  }
}

/** The command that starts this silo again: the binary itself, or the runtime with the source. */
export function ownCommand(args: readonly string[]): {
  readonly bin: string;
  readonly args: readonly string[];
} {
  const script = process.argv[1] ?? "";
  // In a compiled binary the script is in the embedded file system.
  const compiled = script.startsWith("/$bunfs/");
  return { bin: process.execPath, args: compiled ? args : [script, ...args] };
}
