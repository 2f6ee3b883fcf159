import { writeFile } from "node:fs/promises";
import { SiloError } from "../../../errors.ts";
import type { Captured } from "../../../sys/process/process.ts";
import { ensureDaemon, releaseDaemon, SESSIONS } from "./daemon.ts";
import { lastLines } from "../../fly/errors.ts";
import type { Sync } from "./layout.ts";
import { mutagen, type Place } from "./mutagen-command.ts";
import type { SyncSession } from "./sessions.ts";
import { syncDoorOf } from "../link/ssh.ts";

/** The daemon names a prompter before it knows it (mutagen 0.18, pkg/service/prompting/server.go): who asks faster fails. */
const TOO_FAST = /prompter not found/;
const NO_DAEMON = /unable to connect to daemon|daemon.*(unavailable|terminat)/i;
const TRIES = 5;

/** Asks the daemon, or starts it where it has ended; what is on disk it takes up again. */
async function steady(
  place: Place,
  args: readonly string[],
  timeoutMs?: number,
): Promise<Captured> {
  for (let tries = 1; ; tries += 1) {
    const answer = await mutagen(place, args, timeoutMs);
    const gone = NO_DAEMON.test(answer.stderr);
    if (answer.code === 0 || tries === TRIES || !(gone || TOO_FAST.test(answer.stderr)))
      return answer;
    if (gone) await ensureDaemon(place);
  }
}

/** silo's sessions: of one machine, or all. */
export async function syncSessions(place: Place, id?: string): Promise<readonly SyncSession[]> {
  const selector = id === undefined ? [] : ["--label-selector", `silo-machine=${id}`];
  const { code, stdout, stderr } = await steady(place, [...SESSIONS, ...selector]);
  if (code !== 0) throw new SiloError("mutagen does not answer", { detail: lastLines(stderr) });
  return stdout.trim() === "" ? [] : (JSON.parse(stdout) as SyncSession[]);
}

/** Modes that new files get: what a tool keeps is private on both sides. */
function modes({ kind }: Sync): readonly string[] {
  const [file, directory] = kind === "tool" ? ["0600", "0700"] : ["0644", "0755"];
  return ["--default-file-mode", file, "--default-directory-mode", directory];
}

/** How mutagen keeps one path alike on both sides. */
export function createArgs(
  sync: Sync,
  machine: string,
  index: number,
  ignores: string,
): readonly string[] {
  const user = sync.kind === "ro" ? "root@" : "";
  const remote = `${user}${syncDoorOf(machine)}:${sync.remote}`;
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
    // The first side wins where one has to: in a git directory that is the machine.
    ...(sync.kind === "git" ? [remote, sync.local] : [sync.local, remote]),
  ];
}

/** Starts keeping a path alike. @throws SiloError where either side cannot be reached. */
export async function createSync(
  place: Place,
  sync: Sync,
  machine: string,
  index: number,
  folder: string,
): Promise<void> {
  // Patterns stand in a file: the flag for them splits at commas. YAML reads JSON.
  const ignores = `${folder}/ignore-${index}.yml`;
  const settings = { sync: { defaults: { ignore: { paths: sync.ignore } } } };
  await writeFile(ignores, JSON.stringify(settings), { mode: 0o600 });
  const { code, stderr } = await steady(place, createArgs(sync, machine, index, ignores));
  if (code === 0) return;
  if (/unable to locate agent bundle/.test(stderr))
    throw new SiloError("mutagen has no agents for other machines beside it", {
      hint: "brew reinstall mutagen-io/mutagen/mutagen",
      detail: lastLines(stderr),
    });
  throw new SiloError(`${sync.local} cannot be synchronised`, {
    detail: lastLines(stderr),
    hint: "silo doctor",
  });
}

const ofMachine = (id: string) => ["--label-selector", `silo-machine=${id}`];

/** One whole cycle of every session of a machine. @returns what it says where it cannot; it may hang on a dead link. */
export async function flush(place: Place, id: string, timeoutMs: number): Promise<string> {
  const { code, stderr } = await steady(place, ["sync", "flush", ...ofMachine(id)], timeoutMs);
  return code === 0 ? "" : stderr.trim() || "it takes too long";
}

export async function resumeSyncs(place: Place, id: string): Promise<void> {
  await steady(place, ["sync", "resume", ...ofMachine(id)], 60_000);
}

/** Ends the sessions of a machine, and the daemon where no other machine needs it; no connection is needed. */
export async function terminateSyncs(place: Place, id: string): Promise<void> {
  const { code } = await steady(place, ["sync", "terminate", ...ofMachine(id)], 60_000);
  if (code === 0) await releaseDaemon(place, id);
}
