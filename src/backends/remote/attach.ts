import { pause } from "../../sys/process/pause.ts";
import type { Cmd, Exit } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { interruptible } from "../../sys/process/interrupt.ts";
import { restoreTerminal } from "../../sys/process/tty.ts";
import { runInForeground } from "../engine/foreground.ts";
import type { RunProgress } from "../backend.ts";
import { GUEST } from "./link/guest.ts";
import { LINK_MS } from "./link/link.ts";
import { openShared, sshCapture, sshCommand, sshHost } from "./link/ssh.ts";
import type { Remote } from "./provider.ts";
import { filesOf, type MachineRecord } from "./record.ts";

/** Tool state: `lost` = machine restarted or stopped, `gone` = machine destroyed, `waiting` = not started yet. */
export type ToolState =
  | { readonly kind: "exit"; readonly code: Exit }
  | { readonly kind: "running" | "waiting" | "lost" | "gone" };

/** How long to retry a lost connection before detaching. */
const RETRY_MS = 120_000;
/** Exit status of ssh when the connection fails. */
const LINK_LOST = 255;

/** Prefixes of ssh's own error messages, which are not passed on as output of the tool. */
const SSH_PREFIXES = {
  failure: ["ssh: ", "kex_exchange_identification", "mux_client", "Connection closed"],
  noise: [],
};

/** Parses the output of the guest's `state`; undefined if it is not valid. */
export function stateOf(stdout: string): ToolState | undefined {
  const [, word = "", code = ""] =
    /^(exit|running|waiting|lost)(?: (\d+))?\s*$/m.exec(stdout) ?? [];
  if (word === "exit") return { kind: "exit", code: Number(code) };
  return word === "running" || word === "waiting" || word === "lost" ? { kind: word } : undefined;
}

/**
 * Queries the state of the tool.
 * @returns undefined if the machine is not reachable.
 */
export async function toolState(remote: Remote, id: string): Promise<ToolState | undefined> {
  const files = filesOf(remote, id);
  if (!(await openShared(files, sshHost(id), LINK_MS))) return undefined;
  const { code, stdout } = await sshCapture(files, [GUEST, "state"], { timeoutMs: 30_000 });
  return code === 0 ? stateOf(stdout) : undefined;
}

/** The ssh command that attaches to the tool's tmux session, with the terminal's size, or starts the tool without tmux. */
function attachCommand(remote: Remote, record: MachineRecord, forward: boolean): Cmd {
  const { ports, tty, persist } = record;
  const forwards = ports
    .filter(({ protocol }) => protocol === "tcp")
    .flatMap(({ hostIp, host, guest }) => [
      "-L",
      `${hostIp.includes(":") ? `[${hostIp}]` : hostIp}:${host}:127.0.0.1:${guest}`,
    ]);
  const flags = [tty ? "-t" : "-T", ...(forward ? forwards : [])];
  const { columns, rows } = process.stdout;
  const argv =
    tty && persist
      ? [GUEST, "attach", String(columns || 80), String(rows || 24)]
      : [GUEST, "launch"];
  return sshCommand(filesOf(remote, record.id), argv, flags);
}

async function attachOnce(remote: Remote, record: MachineRecord, forward: boolean) {
  const files = filesOf(remote, record.id);
  const signalTool = async (signal: string) => {
    const argv = [GUEST, "signal", signal.replace(/^SIG/, "")];
    return (await sshCapture(files, argv, { timeoutMs: 20_000 })).code === 0;
  };
  return await runInForeground({
    cmd: attachCommand(remote, record, forward),
    tty: record.tty,
    kept: true,
    prefixes: SSH_PREFIXES,
    refused: [],
    send: signalTool,
    sweep: async () => void (await signalTool("SIGKILL")),
    recoverable: () => undefined,
    error: (said) => new SiloError("attaching the terminal failed", { detail: [said] }),
  });
}

/**
 * Starts the tool on this terminal or attaches to it. After a lost connection it retries for two minutes and reattaches.
 * @returns the result of the tool; `detached` if it keeps running.
 */
export async function attachTool(
  remote: Remote,
  record: MachineRecord,
  progress: RunProgress,
): Promise<
  { readonly kind: "exit"; readonly code: Exit } | { readonly kind: "detached" | "lost" | "gone" }
> {
  // The shared connection forwards the ports, so a new one needs them again.
  for (let forward = true; ;) {
    const outcome = await attachOnce(remote, record, forward);
    if (outcome.kind === "detached") return { kind: "detached" };
    const broken = outcome.kind === "exit" && outcome.code === LINK_LOST;
    forward = broken;
    if (broken && record.tty) await restoreTerminal();
    const found = await findAgain(remote, record, progress);
    progress.stage(undefined);
    if (found === undefined) return { kind: "detached" };
    if (found.kind === "exit") {
      if (broken) await showLastScreen(remote, record);
      return found;
    }
    if (found.kind === "lost" || found.kind === "gone") return { kind: found.kind };
    // Without tmux, output that was lost with the connection cannot be replayed.
    if (found.kind === "running" && !(record.tty && record.persist)) return { kind: "detached" };
  }
}

/** Prints the tool's last screen, for a tool that exited while no terminal was attached. */
export async function showLastScreen(remote: Remote, record: MachineRecord): Promise<void> {
  if (!record.tty || !record.persist) return;
  const screen = await sshCapture(filesOf(remote, record.id), [GUEST, "screen"]);
  if (screen.code === 0) process.stdout.write(screen.stdout);
}

/**
 * Retries the connection for two minutes. The tool's state comes from a file in the machine, never from ssh's exit status.
 * @returns undefined if the machine is not reachable, or the user interrupts.
 */
async function findAgain(
  remote: Remote,
  record: MachineRecord,
  progress: RunProgress,
): Promise<ToolState | undefined> {
  const end = performance.now() + RETRY_MS;
  return await interruptible(async (signal) => {
    for (let delay = 500; ; delay = Math.min(delay * 2, 4000)) {
      const found = await toolState(remote, record.id);
      if (found !== undefined) return found;
      const kind = await lossOf(remote, record.id);
      if (kind !== undefined) return { kind };
      if (signal.aborted || performance.now() + delay > end) return undefined;
      progress.stage("connection lost, reconnecting (Ctrl-C detaches)");
      await pause(delay, signal);
      if (signal.aborted) return undefined;
    }
  });
}

/**
 * Queries the provider for a machine that is not reachable over SSH.
 * @returns undefined if the machine may become reachable again.
 */
async function lossOf({ provider }: Remote, id: string): Promise<"gone" | "lost" | undefined> {
  const all = await provider.machines().catch(() => undefined);
  if (all === undefined) return undefined;
  const phase = all.find((one) => one.id === id)?.phase;
  if (phase === undefined || phase.startsWith("destroy")) return "gone";
  if (phase === "stopped") return "lost";
  // A restart deletes /run, where the set-up creates this directory.
  const asked = { timeoutMs: 30_000 };
  const { status } = await provider.runAsRoot(id, "/usr/bin/test -d /run/sshd", asked);
  return status === 1 ? "lost" : undefined;
}
