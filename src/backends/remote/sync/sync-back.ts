import { mkdir, open, rm, stat } from "node:fs/promises";
import { pause } from "../../../sys/process/pause.ts";
import { start } from "../../../sys/process/process.ts";
import { sshCapture, sshCommand } from "../link/ssh.ts";
import type { LocalState } from "../local-state.ts";
import { filesOf, type MachineFiles, type MachineRecord } from "../record.ts";
import { flush, resumeSyncs, syncSessions } from "./mutagen.ts";
import { syncStatus, type Change, type SyncConflict, type SyncStatus } from "./sessions.ts";

/** Timeout of one flush, which can hang on a dead connection. */
const FLUSH_MS = 120_000;

/** Maximum number of attempts if syncing fails although the connection is open. */
const MAX_TRIES = 3;

/**
 * Syncs all changes back and checks the result.
 * @param retryMs how long to retry while the machine is not reachable or files change.
 */
export async function syncBack(
  local: LocalState,
  id: string,
  retryMs: number,
): Promise<SyncStatus> {
  const end = performance.now() + retryMs;
  for (let tries = 1; ; tries += 1) {
    const left = Math.max(5000, Math.min(FLUSH_MS, end - performance.now()));
    const failure = await flush(local, id, left);
    const sessions = await syncSessions(local, id);
    const found = syncStatus(sessions);
    const status: SyncStatus =
      failure === "" || found.problems.length > 0
        ? found
        : { ...found, problems: [`syncing back failed: ${failure}`] };
    const linked = sessions.every(({ alpha, beta }) => alpha.connected && beta.connected);
    // mutagen halts a session to protect files, so a retry does not help; the user has to resolve it.
    const halted = sessions.some(({ status: state }) => state.startsWith("halted"));
    const again = found.transient || (failure !== "" && !halted && !(linked && tries >= MAX_TRIES));
    if (!again || performance.now() > end) return status;
    // mutagen retries a lost connection every fifteen seconds; resuming retries immediately.
    if (!linked) await resumeSyncs(local, id);
    await pause(1000);
  }
}

/** Whether all changes are synced back, so that the machine may be destroyed. */
export const isSynced = ({ conflicts, problems }: SyncStatus) =>
  conflicts.length === 0 && problems.length === 0;

function sideText(changes: readonly Change[]): string {
  const kinds = changes.map((change) => change.new?.kind ?? (change.new ? "changed" : "deleted"));
  return kinds.includes("deleted") && kinds.every((kind) => kind === "deleted")
    ? "deleted"
    : "changed";
}

const full = (root: string, path: string) => (path === "" ? root : `${root}/${path}`);

/** The modification time of each side of a conflict, for messages; empty if it cannot be read. */
async function times(
  local: LocalState,
  id: string,
  { local: root, remote, here, there }: SyncConflict,
) {
  const time = (seconds: number) => new Date(seconds * 1000).toLocaleString("sv-SE");
  const ours = await stat(full(root, here[0]?.path ?? "")).then(
    ({ mtimeMs }) => ` ${time(mtimeMs / 1000)}`,
    () => "",
  );
  const argv = ["stat", "-c", "%Y", "--", full(remote, there[0]?.path ?? "")];
  const { code, stdout } = await sshCapture(filesOf(local, id), argv, { timeoutMs: 15_000 });
  return { ours, theirs: code === 0 ? ` ${time(Number(stdout))}` : "" };
}

/** A line for each conflict, with both sides, and for each problem. */
export async function conflictLines(
  local: LocalState,
  id: string,
  { conflicts, problems }: SyncStatus,
): Promise<readonly string[]> {
  const lines = conflicts.map(async (conflict) => {
    const { local: root, here, there } = conflict;
    const { ours, theirs } = await times(local, id, conflict);
    const path = full(root, here[0]?.path ?? there[0]?.path ?? "");
    return `${path}: ${sideText(here)} here${ours}, ${sideText(there)} on the machine${theirs}`;
  });
  return [...(await Promise.all(lines)), ...problems];
}

/** A short reason why a machine is kept: `2 conflicts, 1 problem`. */
export function statusText({ conflicts, problems }: SyncStatus): string {
  const count = (n: number, what: string) => (n === 0 ? [] : [`${n} ${what}${n === 1 ? "" : "s"}`]);
  return [...count(conflicts.length, "conflict"), ...count(problems.length, "problem")].join(", ");
}

/**
 * Streams the output of a command in the machine to a new file, which is deleted if the command fails.
 * @returns whether it succeeded.
 */
async function copyOut(
  files: MachineFiles,
  argv: readonly string[],
  path: string,
): Promise<boolean> {
  const file = await open(path, "wx", 0o600);
  let copied = false;
  try {
    const cmd = sshCommand(files, argv);
    const child = await start(cmd, { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
    for await (const chunk of child.stdout ?? []) await file.appendFile(chunk);
    copied = (await child.exit) === 0;
  } finally {
    await file.close();
    if (!copied) await rm(path, { force: true });
  }
  return copied;
}

/** The first of `path`, `path-1`, `path-2` … that does not exist. */
async function unused(path: string): Promise<string> {
  for (let i = 0; ; i += 1) {
    const candidate = i === 0 ? path : `${path}-${i}`;
    if ((await stat(candidate).catch(() => undefined)) === undefined) return candidate;
  }
}

/**
 * Saves the machine's version of each conflict next to the host's, which is kept.
 * @returns the saved paths, and those that could not be copied.
 */
export async function saveBeside(
  local: LocalState,
  id: string,
  conflicts: readonly SyncConflict[],
): Promise<{ readonly saved: readonly string[]; readonly failed: readonly string[] }> {
  const saved: string[] = [];
  const failed: string[] = [];
  for (const { local: root, remote, there } of conflicts) {
    for (const change of there.filter((one) => one.new)) {
      const isFile = change.new?.kind === "file";
      const from = full(remote, change.path);
      const to = await unused(`${full(root, change.path)}.silo-remote${isFile ? "" : ".tar"}`);
      const argv = isFile
        ? ["cat", "--", from]
        : ["tar", "-cf", "-", "-C", "/", "--", from.slice(1)];
      const done = await copyOut(filesOf(local, id), argv, to).catch(() => false);
      (done ? saved : failed).push(done ? to : from);
    }
  }
  return { saved, failed };
}

/**
 * Saves the machine's version of conflicts in a tool's own files.
 * @returns a warning, if there were any.
 */
export async function saveToolSide(
  local: LocalState,
  record: MachineRecord,
  { toolConflicts }: SyncStatus,
): Promise<readonly string[]> {
  const paths = toolConflicts.flatMap(({ remote, there }) =>
    there.filter((one) => one.new).map(({ path }) => full(remote, path).slice(1)),
  );
  if (paths.length === 0) return [];
  const folder = `${local.folder}/kept`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const to = await unused(`${folder}/${record.name}.tar`);
  const argv = ["tar", "-cf", "-", "-C", "/", "--", ...paths];
  const done = await copyOut(filesOf(local, record.id), argv, to).catch(() => false);
  const what = `${record.tool}'s own files were changed here and on the machine; yours are kept`;
  return [
    done
      ? `${what}, the machine's are saved in ${to}`
      : `${what}, the machine's could not be saved`,
  ];
}
