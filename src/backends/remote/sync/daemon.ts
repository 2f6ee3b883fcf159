import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { pause } from "../../../sys/process/pause.ts";
import { SiloError } from "../../../errors.ts";
import { holderOf, waitForLock } from "../../../sys/state/locks.ts";
import { detach } from "../../../sys/process/process.ts";
import { lastLines } from "../errors.ts";
import type { LocalState } from "../local-state.ts";
import { dataFolder, mutagen, mutagenCommand } from "./mutagen-command.ts";
import { filesOf, knownMachines } from "../record.ts";

/** mutagen arguments that list the sync sessions as JSON. */
export const SESSIONS = ["sync", "list", "--template", "{{ json . }}"] as const;

/** How long the daemon may take to start. */
const START_MS = 15_000;
/** Interval between attempts to start; a daemon exits if the previous one still holds the lock. */
const START_AGAIN_MS = 500;
/** How long the daemon may take to stop. */
const STOP_MS = 5_000;
/** Name of the lock for stopping the daemon. */
const STOPPING = "mutagen stops";

/**
 * Starts silo's daemon if it does not respond, and replaces one of another mutagen version.
 * @throws SiloError
 */
export async function ensureDaemon(local: LocalState): Promise<void> {
  const end = performance.now() + START_MS;
  let started = -Infinity;
  for (;;) {
    const { code, stderr } = await mutagen(local, SESSIONS);
    if (code === 0) return;
    if (/version mismatch/.test(stderr)) {
      await mutagen(local, ["daemon", "stop"]);
      started = -Infinity;
    }
    const now = performance.now();
    if (now > end)
      throw new SiloError("the mutagen daemon does not start", {
        detail: lastLines(stderr),
        hint: "silo doctor",
      });
    if (now > started + START_AGAIN_MS) {
      started = now;
      // Not `daemon start`, because that starts mutagen without these settings if the user has registered it with launchd.
      await detach({ ...(await mutagenCommand(local, ["daemon", "run"])), newSession: true });
    }
    await pause(50);
  }
}

/** File that claims the daemon for a machine. */
const claim = (local: LocalState, id: string) => `${filesOf(local, id).folder}/in-step`;

/**
 * Starts the daemon if needed, and claims it until this machine's sync sessions are terminated. To stop the daemon, a
 * process takes the lock and then checks for claims; to claim it, a process writes the claim and then checks the lock. So
 * at least one of two concurrent processes notices the other.
 */
export async function claimDaemon(local: LocalState, id: string): Promise<void> {
  await writeFile(claim(local, id), "", { mode: 0o600 });
  while ((await holderOf(local.state, STOPPING)) !== undefined) await pause(20);
  await ensureDaemon(local);
}

/** Withdraws a machine's claim, and stops the daemon if it was the last. */
export async function releaseDaemon(local: LocalState, id: string): Promise<void> {
  await rm(claim(local, id), { force: true });
  const lock = await waitForLock(local.state, STOPPING);
  try {
    if (!(await isClaimed(local))) await stop(local);
  } finally {
    await lock.release();
  }
}

async function isClaimed(local: LocalState): Promise<boolean> {
  return (await knownMachines(local)).some((id) => existsSync(claim(local, id)));
}

/** Stops the daemon and waits until its socket is deleted, because after the reply it still accepts commands for a moment and drops them. */
async function stop(local: LocalState): Promise<void> {
  const socket = `${await dataFolder(local)}/daemon/daemon.sock`;
  await mutagen(local, ["daemon", "stop"]);
  const end = performance.now() + STOP_MS;
  while (existsSync(socket) && performance.now() < end) await pause(10);
}
