import { offTerminal } from "../../sys/process/pipes.ts";
import { onOwnTerminal } from "../../sys/process/pty.ts";
import type { Interactive } from "../../runtime/child.ts";
import { capture, interactive } from "../../sys/process/process.ts";
import type { Cmd } from "../../runtime/command.ts";
import type { SiloError } from "../../errors.ts";
import { supervise } from "../../sys/process/signals.ts";
import { restoreTerminal } from "../../sys/process/tty.ts";
import type { RunOutcome } from "../backend.ts";
import { bufferEngineErrors, type StderrPrefixes } from "./stderr.ts";

const KILLED = 128;

/** An engine's command that runs a tool on the user's terminal. */
export type ForegroundRun = {
  readonly cmd: Cmd;
  readonly tty: boolean;
  /** Whether the tool keeps running when its terminal hangs up. */
  readonly kept: boolean;
  /** Prefixes of the engine's own messages. */
  readonly prefixes: StderrPrefixes;
  /** Exit codes of a run that the engine refused. */
  readonly refused: readonly number[];
  /**
   * Whether the tool was started, although the exit code and the message look like a refusal. A tool without a terminal
   * can print such a message itself, which must not cause another start. Default: no.
   */
  readonly ran?: () => Promise<boolean>;
  /** Sends a signal directly to the tool; undefined if the command forwards signals. @returns whether the tool got it. */
  readonly send: ((signal: NodeJS.Signals) => Promise<boolean>) | undefined;
  /** Runs the tool on its own PTY, so that it cannot inject input into the user's terminal. */
  readonly ownTerminal?: boolean;
  /** Whether the tool runs in its own session; it then gets no descriptor of the user's terminal. */
  readonly newSession?: boolean;
  /** Called with the process id of the command when it has started. */
  readonly onStart?: (pid: number) => void;
  /** Deletes the container and files of the run. */
  readonly sweep: () => Promise<void>;
  /** Replaces `sweep` after the command was killed by a signal, when the engine may still be creating the container. */
  readonly sweepKilled?: () => Promise<void>;
  /** Parses the engine's message. @returns the outcome; undefined if the caller cannot fix the cause. */
  readonly recoverable: (said: string) => RunOutcome | undefined;
  readonly error: (said: string) => SiloError;
};

/**
 * Runs the command until it exits, forwards signals, and restores the terminal.
 * @throws SiloError made by `error` if the engine refused to start the tool.
 */
export async function runInForeground(asked: ForegroundRun): Promise<RunOutcome> {
  const { kept, sweep } = asked;
  const stderr = bufferEngineErrors(asked.prefixes, (chunk) => process.stderr.write(chunk));
  const started = Promise.withResolvers<Interactive>();
  started.promise.catch(() => {});
  let swept: Promise<void> | undefined;
  let detached = false;
  let interrupted = false;
  // Handlers are set before the start, so that no signal kills silo before it can clean up.
  const release = supervise({
    forward: (signal) => {
      interrupted = true;
      detached = kept && signal === "SIGHUP";
      const send = detached ? undefined : asked.send;
      started.promise.then((child) => forwardSignal(signal, child, send)).catch(() => {});
    },
    destroy: () => {
      swept = sweep();
    },
    newSession: asked.newSession ?? false,
  });
  try {
    const onStreams = asked.newSession === true ? offTerminal : interactive;
    const child =
      asked.ownTerminal === true
        ? onOwnTerminal(asked.cmd)
        : await onStreams(asked.cmd, stderr.take);
    asked.onStart?.(child.pid);
    started.resolve(child);
    const code = await child.exit;
    await swept;
    if (detached) return { kind: "detached" };
    const said = stderr.held();
    const isRefused = asked.refused.includes(code) && said !== "";
    if (isRefused && (await asked.ran?.()) !== true) return await refused(said, asked);
    stderr.release();
    // If the command itself was killed, it neither removed the container nor restored the terminal.
    const killed = code > KILLED && child.signalled();
    if (!kept && (killed || interrupted)) await (asked.sweepKilled ?? (killed ? sweep : none))();
    if (killed) {
      if (asked.tty) await restoreTerminal();
      if (kept) return { kind: "detached" };
    }
    return { kind: "exit", code };
  } finally {
    release();
  }
}

const none = () => Promise.resolve();

/** Sends a signal to the tool, or to its command if the tool has not started yet. */
async function forwardSignal(
  signal: NodeJS.Signals,
  child: Interactive,
  send: ForegroundRun["send"],
): Promise<void> {
  if (send === undefined || !(await send(signal))) child.kill(signal);
}

/** A `send` that uses an engine's command. @param kill makes the command for a signal. */
export function sendBy(kill: (signal: NodeJS.Signals) => Cmd) {
  return async (signal: NodeJS.Signals) => (await capture(kill(signal))).code === 0;
}

async function refused(
  said: string,
  { sweep, recoverable, error }: ForegroundRun,
): Promise<RunOutcome> {
  const outcome = recoverable(said);
  if (outcome === undefined || outcome.kind === "port-taken") await sweep().catch(() => {});
  if (outcome === undefined) throw error(said);
  return outcome;
}
