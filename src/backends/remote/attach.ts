import type { Cmd, Exit } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { interruptible } from "../../sys/process/interrupt.ts";
import { restoreTerminal } from "../../sys/process/tty.ts";
import { consoleArgs } from "../fly/args.ts";
import { answer } from "../fly/flyctl.ts";
import { attempt } from "../engine/foreground.ts";
import type { RunReport } from "../backend.ts";
import { GUEST } from "./link/guest.ts";
import { LINK_MS, pause, type Here } from "./link/link.ts";
import { machines } from "../fly/machines.ts";
import { filesOf, type Record } from "./record.ts";
import { askMachine, doorOf, openShared, sshCommand } from "./link/ssh.ts";

/** What is known of a tool: `lost` where its machine was restarted, `gone` with it, `waiting` where it was not started yet. */
export type ToolState =
  | { readonly kind: "exit"; readonly code: Exit }
  | { readonly kind: "running" | "waiting" | "lost" | "gone" };

/** A link that is gone is looked for so long, before the tool is left alone. */
const PATIENCE_MS = 120_000;
const LINK_LOST = 255;

const WORDS = {
  lastWords: ["ssh: ", "kex_exchange_identification", "mux_client", "Connection closed"],
  remarks: [],
};

export function stateOf(stdout: string): ToolState | undefined {
  const [, word = "", code = ""] =
    /^(exit|running|waiting|lost)(?: (\d+))?\s*$/m.exec(stdout) ?? [];
  if (word === "exit") return { kind: "exit", code: Number(code) };
  return word === "running" || word === "waiting" || word === "lost" ? { kind: word } : undefined;
}

/** Asks the machine once. @returns undefined where it cannot be reached. */
export async function toolState(here: Here, id: string): Promise<ToolState | undefined> {
  const files = filesOf(here.state, id);
  if (!(await openShared(files, doorOf(id), LINK_MS))) return undefined;
  const { code, stdout } = await askMachine(files, id, [GUEST, "state"], { timeoutMs: 30_000 });
  return code === 0 ? stateOf(stdout) : undefined;
}

/** Where a tool's terminal is; the size is told when it starts. */
function attachCommand(here: Here, record: Record, forward: boolean): Cmd {
  const files = filesOf(here.state, record.id);
  const { ports, tty, persist } = record;
  const forwards = ports
    .filter(({ protocol }) => protocol === "tcp")
    .flatMap(({ hostIp, host, guest }) => [
      "-L",
      `${hostIp.includes(":") ? `[${hostIp}]` : hostIp}:${host}:127.0.0.1:${guest}`,
    ]);
  const flags = [tty ? "-t" : "-T", ...(forward ? forwards : [])];
  const { columns, rows } = process.stdout;
  const words =
    tty && persist
      ? [GUEST, "attach", String(columns || 80), String(rows || 24)]
      : [GUEST, "launch"];
  return sshCommand(files, record.id, words, flags);
}

/** The command as `--dry-run` shows it. */
export const attachPreview = attachCommand;

async function attachOnce(here: Here, record: Record, forward: boolean) {
  const files = filesOf(here.state, record.id);
  const signalTool = async (signal: string) => {
    const word = signal.replace(/^SIG/, "");
    return (
      (await askMachine(files, record.id, [GUEST, "signal", word], { timeoutMs: 20_000 })).code ===
      0
    );
  };
  return await attempt({
    cmd: attachCommand(here, record, forward),
    tty: record.tty,
    kept: true,
    words: WORDS,
    refused: [],
    send: signalTool,
    sweep: async () => void (await signalTool("SIGKILL")),
    mendable: () => undefined,
    error: (said) => new SiloError("the terminal could not be attached", { detail: [said] }),
  });
}

/**
 * Runs or finds the tool on this terminal, through links that break: it is attached again in place as long as the
 * machine can be found within two minutes.
 * @returns how the tool ended; `left` where it goes on without this terminal.
 */
export async function attachTool(
  here: Here,
  record: Record,
  report: RunReport,
): Promise<
  { readonly kind: "exit"; readonly code: Exit } | { readonly kind: "detached" | "lost" | "gone" }
> {
  // Ports are forwarded by the shared connection: each new one has to be told.
  for (let anew = true; ;) {
    const outcome = await attachOnce(here, record, anew);
    if (outcome.kind === "detached") return { kind: "detached" };
    const broken = outcome.kind === "exit" && outcome.code === LINK_LOST;
    anew = broken;
    if (broken && record.tty) await restoreTerminal();
    const found = await findAgain(here, record, report);
    report.stage(undefined);
    if (found === undefined) return { kind: "detached" };
    if (found.kind === "exit") {
      if (broken) await showLastScreen(here, record);
      return found;
    }
    if (found.kind === "lost" || found.kind === "gone") return { kind: found.kind };
    // What a plain pipe has lost cannot be had again.
    if (found.kind === "running" && !(record.tty && record.persist)) return { kind: "detached" };
  }
}

/** What a tool showed last, where no terminal was there to see it. */
export async function showLastScreen(here: Here, record: Record): Promise<void> {
  if (!record.tty || !record.persist) return;
  const screen = await askMachine(filesOf(here.state, record.id), record.id, [GUEST, "screen"]);
  if (screen.code === 0) process.stdout.write(screen.stdout);
}

/** Looks for the machine for two minutes. Whether the tool has ended only its own note tells, never ssh. */
async function findAgain(
  here: Here,
  record: Record,
  report: RunReport,
): Promise<ToolState | undefined> {
  const end = performance.now() + PATIENCE_MS;
  return await interruptible(async (signal) => {
    for (let delay = 500; ; delay = Math.min(delay * 2, 4000)) {
      const found = await toolState(here, record.id);
      if (found !== undefined) return found;
      const kind = await machineState(here, record);
      if (kind !== undefined) return { kind };
      if (signal.aborted || performance.now() + delay > end) return undefined;
      report.stage("connection lost, reconnecting (Ctrl-C leaves it running)");
      await Promise.race([pause(delay), aborted(signal)]);
      if (signal.aborted) return undefined;
    }
  });
}

/** What Fly says of a machine that does not answer: gone, or stopped and with it all that ran; else it may come back. */
async function machineState(
  { state }: Here,
  { app, id }: Record,
): Promise<"gone" | "lost" | undefined> {
  const all = await machines(state, app).catch(() => undefined);
  if (all === undefined) return undefined;
  const found = all.find((one) => one.id === id);
  if (found === undefined || found.state.startsWith("destroy")) return "gone";
  if (/^(stop|suspend|fail)/.test(found.state)) return "lost";
  return (await wasRestarted(state, app, id)) ? "lost" : undefined;
}

/** Whether Fly's own door finds a machine without what silo had set up: it is gone with a restart. */
async function wasRestarted(state: string, app: string, id: string): Promise<boolean> {
  const asked = consoleArgs(app, id, "/usr/bin/test -d /run/sshd");
  const { code, stderr } = await answer(state, asked, { timeoutMs: 30_000 });
  return code !== 0 && /exited with status 1\b/.test(stderr);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
