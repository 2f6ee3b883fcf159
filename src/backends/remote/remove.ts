import { SiloError } from "../../errors.ts";
import { destroyMachine, endMachine } from "./finish.ts";
import { bringHome, heldLines, isHome, saveBeside, saveToolSide } from "./sync/sync-back.ts";
import { openLinks, type Here } from "./link/link.ts";
import type { Machine } from "../fly/machines.ts";
import { readRecord, type Record } from "./record.ts";

const PATIENCE_MS = 30_000;

/**
 * Destroys machines once their files are home. Without force one that holds something stays; with it the machine's
 * versions are saved beside the host's where it can be reached. @returns what the user should know.
 */
export async function remove(
  here: Here,
  app: string,
  machines: readonly Machine[],
  force: boolean,
): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const machine of machines) notes.push(...(await removeOne(here, app, machine, force)));
  return notes;
}

async function removeOne(
  here: Here,
  app: string,
  machine: Machine,
  force: boolean,
): Promise<readonly string[]> {
  const { name, id } = machine;
  const record = await readRecord(here.state, id);
  if (record === undefined || record.elsewhere === true) {
    if (!force) throw notHere(name);
    return told(name, await destroyMachine(here, app, id));
  }
  const notes =
    machine.state === "started" ? await settle(here, record, force) : stopped(name, force);
  return [...notes, ...(await endMachine(here, record))];
}

async function settle(here: Here, record: Record, force: boolean): Promise<readonly string[]> {
  const { id, name } = record;
  await openLinks(here, record);
  const verdict = await bringHome(here, id, PATIENCE_MS);
  const notes = await saveToolSide(here, record, verdict);
  if (isHome(verdict)) return notes;
  if (!force) {
    throw new SiloError(`${name} holds what is not home`, {
      detail: await heldLines(here, id, verdict),
      hint: `silo rm --force ${name}   # saves the machine's versions beside yours`,
    });
  }
  const { saved, failed } = await saveBeside(here, id, verdict.conflicts);
  return [
    ...notes,
    ...saved.map((path) => `the machine's version is saved as ${path}`),
    ...failed.map((path) => `${name} could not hand over ${path}, which is lost`),
    ...verdict.problems.map((problem) => `not brought home: ${problem}`),
  ];
}

function stopped(name: string, force: boolean): readonly string[] {
  if (force) return [`${name} was stopped, so nothing was brought home from it`];
  throw new SiloError(`${name} is stopped: its files come home only while it runs`, {
    hint: `silo reconnect ${name}   # or give them up: silo rm --force ${name}`,
  });
}

function notHere(name: string): SiloError {
  return new SiloError(`${name} was started on another laptop, which keeps its files`, {
    hint: `silo reconnect ${name}   # or give up what is not home: silo rm --force ${name}`,
  });
}

function told(name: string, stays: readonly string[] | undefined): readonly string[] {
  return stays === undefined ? [] : [`the machine ${name} could not be destroyed`, ...stays];
}
