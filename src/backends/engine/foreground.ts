import { offTerminal } from "../../sys/process/pipes.ts";
import { onOwnTerminal } from "../../sys/process/pty.ts";
import type { Interactive } from "../../runtime/child.ts";
import { capture, interactive } from "../../sys/process/process.ts";
import type { Cmd } from "../../runtime/command.ts";
import type { SiloError } from "../../errors.ts";
import { supervise } from "../../sys/process/signals.ts";
import { restoreTerminal } from "../../sys/process/tty.ts";
import type { RunOutcome } from "../backend.ts";
import { holdEngineMessage, type Words } from "./stderr.ts";

const KILLED = 128;

/** One start of a tool by an engine's command on the user's terminal. */
export type Attempt = {
  readonly cmd: Cmd;
  readonly tty: boolean;
  /** Whether the tool outlives its terminal. */
  readonly kept: boolean;
  /** How the engine speaks of its own failures, and the exit codes that they end with. */
  readonly words: Words;
  readonly refused: readonly number[];
  /**
   * Whether the tool was started, although the command ended as if not: a tool that has no terminal can print the
   * engine's words itself, and must not decide by them how it is started again. Without it: no.
   */
  readonly ran?: () => Promise<boolean>;
  /** Sends a signal past a command that does not hand it on; undefined where it does. @returns whether it arrived. */
  readonly send: ((signal: NodeJS.Signals) => Promise<boolean>) | undefined;
  /** Gives the tool a terminal of its own, so that it cannot type on the user's. */
  readonly ownTerminal?: boolean;
  /** Whether it is in a session of its own, where the user's terminal reaches nothing, and gets no descriptor of it. */
  readonly newSession?: boolean;
  /** Told the command's process as soon as it runs. */
  readonly onStart?: (pid: number) => void;
  /** Deletes what was left behind. */
  readonly sweep: () => Promise<void>;
  /** The same after the command was ended by a signal: its engine may still be at work. `sweep` where it is not. */
  readonly sweepKilled?: () => Promise<void>;
  /** What the engine's words mean: an outcome that silo mends, or nothing. */
  readonly mendable: (said: string) => RunOutcome | undefined;
  readonly error: (said: string) => SiloError;
};

/** Runs it to its end, hands signals on, and leaves the terminal as it was. */
export async function attempt(asked: Attempt): Promise<RunOutcome> {
  const { kept, sweep } = asked;
  const stderr = holdEngineMessage(asked.words, (chunk) => process.stderr.write(chunk));
  const started = Promise.withResolvers<Interactive>();
  started.promise.catch(() => {});
  let swept: Promise<void> | undefined;
  let detached = false;
  let interrupted = false;
  // Before the start, so that no signal ends silo when it has started a tool and cannot end it yet.
  const release = supervise({
    forward: (signal) => {
      interrupted = true;
      detached = kept && signal === "SIGHUP";
      const send = detached ? undefined : asked.send;
      started.promise.then((child) => handOn(signal, child, send)).catch(() => {});
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
    // The command itself was ended, so it neither removed the container nor restored the terminal.
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

/** One that does not run yet is stopped by its command. */
async function handOn(
  signal: NodeJS.Signals,
  child: Interactive,
  send: Attempt["send"],
): Promise<void> {
  if (send === undefined || !(await send(signal))) child.kill(signal);
}

/** Sends a signal by a command of the engine's. */
export function sendBy(kill: (signal: NodeJS.Signals) => Cmd) {
  return async (signal: NodeJS.Signals) => (await capture(kill(signal))).code === 0;
}

async function refused(said: string, { sweep, mendable, error }: Attempt): Promise<RunOutcome> {
  const outcome = mendable(said);
  if (outcome === undefined || outcome.kind === "port-taken") await sweep().catch(() => {});
  if (outcome === undefined) throw error(said);
  return outcome;
}
