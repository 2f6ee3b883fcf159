import { pause } from "../../../sys/process/pause.ts";
import { SiloError } from "../../../errors.ts";
import { lastLines } from "../errors.ts";
import type { Provider, Remote } from "../provider.ts";
import { filesOf, type MachineRecord } from "../record.ts";
import { setUpOf, SETUP_COMMAND } from "./setup.ts";
import { closeShared, openShared, sshHost, syncSshHost, writeSshFiles } from "./ssh.ts";

/** How long a started machine may take to accept commands; the first tunnel of a Fly.io organisation is slow (flyctl issue 472). */
const SETUP_MS = 90_000;
/** Timeout of one attempt. */
const ONE_TRY_MS = 60_000;
/** How long a shared connection may take to open. */
export const LINK_MS = 70_000;

/**
 * Runs the set-up script in the machine as root, on standard input over the provider's channel, and writes the ssh files
 * with the machine's host key.
 * @throws SiloError if the script fails, or the machine is not reachable in time.
 */
export async function setUp(
  remote: Remote,
  { id, tool }: Pick<MachineRecord, "id" | "tool">,
  script: string,
  signal?: AbortSignal,
): Promise<void> {
  const { provider } = remote;
  const end = performance.now() + SETUP_MS;
  for (let delay = 500; ; delay = Math.min(delay * 2, 8000)) {
    const input = { stdin: script, timeoutMs: ONE_TRY_MS };
    const { stdout, stderr, outcome } = await provider.runAsRoot(id, SETUP_COMMAND, input);
    const found = setUpOf(stdout);
    if (found !== undefined) return await writeSshFiles(remote, id, found);
    signal?.throwIfAborted();
    if (outcome === "refused") throw provider.explain(stderr, "setting up the machine");
    if (outcome === "failed") throw setUpFailed(provider, tool, stderr);
    if (performance.now() + delay > end) throw notReachable(provider, stderr);
    await pause(delay);
  }
}

function setUpFailed({ name, settings }: Provider, tool: string, text: string): SiloError {
  if (/no space left/i.test(text))
    return new SiloError("the machine's disk is full", {
      detail: lastLines(text),
      hint: excludeHint(settings),
    });
  return new SiloError("setting up the machine failed", {
    detail: lastLines(text),
    hint: `silo ${tool} --backend ${name} --force-build`,
  });
}

/**
 * The hint for files that are too large for a machine.
 * @param settings the provider's section in silo.jsonc.
 */
export function excludeHint(settings: string): string {
  return `exclude large paths with ${settings}.ignore in silo.jsonc`;
}

function notReachable({ unreachableHint }: Provider, text: string): SiloError {
  return new SiloError(`machine started, but SSH is not reachable after ${SETUP_MS / 1000} s`, {
    detail: lastLines(text),
    hint: unreachableHint,
  });
}

/** The error for a machine whose shared connections cannot be opened. */
export function linkFailed({ unreachableHint }: Provider, name: string): SiloError {
  return new SiloError(`cannot connect to ${name} over SSH`, { hint: unreachableHint });
}

function syncHosts({ id, layout }: MachineRecord): readonly string[] {
  const kinds = new Set(layout.syncs.map(({ kind }) => (kind === "ro" ? "root" : "user")));
  return [...kinds].map((kind) => (kind === "root" ? `root@${syncSshHost(id)}` : syncSshHost(id)));
}

/**
 * Opens the shared connections: one for the terminal, and others for syncing.
 * @returns whether all are open.
 */
export async function openLinks(remote: Remote, record: MachineRecord): Promise<boolean> {
  const files = filesOf(remote, record.id);
  const hosts = [sshHost(record.id), ...syncHosts(record)];
  const open = await Promise.all(hosts.map((host) => openShared(files, host, LINK_MS)));
  return open.every(Boolean);
}

/** Closes the shared connections, or only the terminal's. */
export async function closeLinks(
  remote: Remote,
  record: MachineRecord,
  which: "all" | "terminal",
): Promise<void> {
  const files = filesOf(remote, record.id);
  const hosts = [sshHost(record.id), ...(which === "all" ? syncHosts(record) : [])];
  await Promise.all(hosts.map((host) => closeShared(files, host)));
}
