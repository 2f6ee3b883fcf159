import { writeFile } from "node:fs/promises";
import { SiloError } from "../../../errors.ts";
import type { Captured } from "../../../sys/process/process.ts";
import { ensureDaemon, releaseDaemon, SESSIONS } from "./daemon.ts";
import { lastLines } from "../errors.ts";
import { syncSshHost } from "../link/ssh.ts";
import type { LocalState } from "../local-state.ts";
import { filesOf } from "../record.ts";
import type { Sync } from "./layout.ts";
import { mutagen } from "./mutagen-command.ts";
import type { SyncSession } from "./sessions.ts";

/** A race in the daemon: it hands out a prompter's name before it registers the prompter (mutagen 0.18, pkg/service/prompting/server.go). */
const TOO_FAST = /prompter not found/;
const NO_DAEMON = /unable to connect to daemon|daemon.*(unavailable|terminat)/i;
const TRIES = 5;

/** Runs a mutagen command, restarting the daemon if it exited (sessions persist on disk). */
async function retried(
  local: LocalState,
  args: readonly string[],
  timeoutMs?: number,
): Promise<Captured> {
  for (let tries = 1; ; tries += 1) {
    const answer = await mutagen(local, args, timeoutMs);
    const gone = NO_DAEMON.test(answer.stderr);
    if (answer.code === 0 || tries === TRIES || !(gone || TOO_FAST.test(answer.stderr)))
      return answer;
    if (gone) await ensureDaemon(local);
  }
}

/**
 * Lists the sync sessions of one machine, or of all.
 * @throws SiloError
 */
export async function syncSessions(
  local: LocalState,
  id?: string,
): Promise<readonly SyncSession[]> {
  const selector = id === undefined ? [] : ["--label-selector", `silo-machine=${id}`];
  const { code, stdout, stderr } = await retried(local, [...SESSIONS, ...selector]);
  if (code !== 0)
    throw new SiloError("the mutagen daemon does not respond", { detail: lastLines(stderr) });
  return stdout.trim() === "" ? [] : (JSON.parse(stdout) as SyncSession[]);
}

/** Permissions of new files: a tool's own files are private on both sides. */
function modes({ kind }: Sync): readonly string[] {
  const [file, directory] = kind === "tool" ? ["0600", "0700"] : ["0644", "0755"];
  return ["--default-file-mode", file, "--default-directory-mode", directory];
}

/**
 * The arguments that create the sync session of one path.
 * @param ignores a configuration file with the patterns.
 */
export function createArgs(
  sync: Sync,
  machine: string,
  index: number,
  ignores: string,
): readonly string[] {
  const user = sync.kind === "ro" ? "root@" : "";
  const remote = `${user}${syncSshHost(machine)}:${sync.remote}`;
  const mode = {
    work: "two-way-safe",
    tool: "two-way-safe",
    git: "two-way-resolved",
    ro: "one-way-replica",
  };
  return [
    "sync",
    "create",
    "--no-global-configuration",
    "--name",
    `silo-${machine}-${index}`,
    ...["silo=1", `silo-machine=${machine}`, `silo-kind=${sync.kind}`].flatMap((label) => [
      "--label",
      label,
    ]),
    "--configuration-file",
    ignores,
    "--mode",
    mode[sync.kind],
    "--symlink-mode",
    "posix-raw",
    ...modes(sync),
    // With two-way-resolved the first side wins conflicts, so in a git directory the machine is the first side.
    ...(sync.kind === "git" ? [remote, sync.local] : [sync.local, remote]),
  ];
}

/**
 * Creates the sync session of one path.
 * @throws SiloError if either side is not reachable.
 */
export async function createSync(
  local: LocalState,
  machine: string,
  index: number,
  sync: Sync,
): Promise<void> {
  // Patterns are passed in a file, since the option splits at commas. JSON is valid YAML.
  const ignores = `${filesOf(local, machine).folder}/ignore-${index}.yml`;
  const settings = { sync: { defaults: { ignore: { paths: sync.ignore } } } };
  await writeFile(ignores, JSON.stringify(settings), { mode: 0o600 });
  const { code, stderr } = await retried(local, createArgs(sync, machine, index, ignores));
  if (code === 0) return;
  if (/unable to locate agent bundle/.test(stderr))
    throw new SiloError("mutagen is installed without its agents for other machines", {
      hint: "brew reinstall mutagen-io/mutagen/mutagen",
      detail: lastLines(stderr),
    });
  throw new SiloError(`syncing ${sync.local} failed`, {
    detail: lastLines(stderr),
    hint: "silo doctor",
  });
}

const ofMachine = (id: string) => ["--label-selector", `silo-machine=${id}`];

/**
 * Flushes all sessions of a machine once. It can hang on a dead connection.
 * @returns the error; empty on success.
 */
export async function flush(local: LocalState, id: string, timeoutMs: number): Promise<string> {
  const { code, stderr } = await retried(local, ["sync", "flush", ...ofMachine(id)], timeoutMs);
  return code === 0 ? "" : stderr.trim() || `timed out after ${Math.round(timeoutMs / 1000)} s`;
}

/** Resumes the sessions of a machine, which also makes mutagen connect immediately. */
export async function resumeSyncs(local: LocalState, id: string): Promise<void> {
  await retried(local, ["sync", "resume", ...ofMachine(id)], 60_000);
}

/** Terminates the sessions of a machine, and stops the daemon if no other machine needs it. Works without a connection. */
export async function terminateSyncs(local: LocalState, id: string): Promise<void> {
  const { code } = await retried(local, ["sync", "terminate", ...ofMachine(id)], 60_000);
  if (code === 0) await releaseDaemon(local, id);
}
