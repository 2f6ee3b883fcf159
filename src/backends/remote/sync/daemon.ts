import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { SiloError } from "../../../errors.ts";
import { holderOf, waitForLock } from "../../../sys/state/locks.ts";
import { detach } from "../../../sys/process/process.ts";
import { lastLines } from "../../fly/errors.ts";
import { pause } from "../link/link.ts";
import { dataFolder, mutagen, mutagenCommand, type Place } from "./mutagen-command.ts";
import { filesOf, knownMachines } from "../record.ts";

/** Every session of this daemon's, as a list in JSON. */
export const SESSIONS = ["sync", "list", "--template", "{{ json . }}"] as const;

const START_MS = 15_000;
/** One that starts before its predecessor has quite ended finds that one's lock and gives up. */
const START_AGAIN_MS = 500;
const STOP_MS = 5_000;
const STOPPING = "mutagen stops";

/** Makes sure that silo's daemon answers, and in this version of mutagen. */
export async function ensureDaemon(place: Place): Promise<void> {
  const end = performance.now() + START_MS;
  let started = -Infinity;
  for (;;) {
    const { code, stderr } = await mutagen(place, SESSIONS);
    if (code === 0) return;
    if (/version mismatch/.test(stderr)) {
      await mutagen(place, ["daemon", "stop"]);
      started = -Infinity;
    }
    const now = performance.now();
    if (now > end)
      throw new SiloError("mutagen does not start", {
        detail: lastLines(stderr),
        hint: "silo doctor",
      });
    if (now > started + START_AGAIN_MS) {
      started = now;
      // `daemon start` would hand it to launchd where the user has registered mutagen there, without these settings.
      await detach({ ...(await mutagenCommand(place, ["daemon", "run"])), newSession: true });
    }
    await pause(50);
  }
}

const claim = ({ state }: Place, id: string) => `${filesOf(state, id).folder}/in-step`;

/**
 * Makes sure of a daemon that goes on until this machine's sessions are terminated. Who stops it takes a lock and
 * then looks for claims; this claims and then looks for the lock: so one of the two sees the other.
 */
export async function claimDaemon(place: Place, id: string): Promise<void> {
  await writeFile(claim(place, id), "", { mode: 0o600 });
  while ((await holderOf(place.state, STOPPING)) !== undefined) await pause(20);
  await ensureDaemon(place);
}

/** Takes a machine's claim back, and stops the daemon where that was the last. */
export async function releaseDaemon(place: Place, id: string): Promise<void> {
  await rm(claim(place, id), { force: true });
  const { signal } = new AbortController();
  const lock = await waitForLock(place.state, STOPPING, () => {}, signal);
  try {
    if (!(await isClaimed(place))) await stop(place);
  } finally {
    await lock.release();
  }
}

async function isClaimed(place: Place): Promise<boolean> {
  return (await knownMachines(place.state)).some((id) => existsSync(claim(place, id)));
}

/** It answers that it will stop, and for a moment takes more questions, which then come to nothing. */
async function stop(place: Place): Promise<void> {
  const socket = `${await dataFolder(place)}/daemon/daemon.sock`;
  await mutagen(place, ["daemon", "stop"]);
  const end = performance.now() + STOP_MS;
  while (existsSync(socket) && performance.now() < end) await pause(10);
}
