import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import type { GuestUser, Port, RunPlan, Session } from "../../core/types.ts";
import type { LocalState } from "./local-state.ts";
import type { Remote } from "./provider.ts";
import type { Layout } from "./sync/layout.ts";

/** The record of a machine that silo started; saved on this laptop and in the machine. */
export type MachineRecord = {
  /** The provider's scope, such as a Fly.io app. */
  readonly scope: string;
  readonly id: string;
  readonly name: string;
  readonly session: string;
  readonly tool: string;
  readonly user: GuestUser;
  readonly workdir: string;
  readonly layout: Layout;
  readonly ports: readonly Port[];
  readonly tty: boolean;
  readonly persist: boolean;
  /** Whether it was started on another laptop and the user has not agreed to sync its files here. */
  readonly foreign?: boolean;
};

/** The tool's exit status, and a short reason why its machine is kept. */
export type Ending = { readonly code: number; readonly held: string };

/** This laptop's files of one machine. */
export type MachineFiles = {
  readonly id: string;
  readonly folder: string;
  readonly key: string;
  readonly knownHosts: string;
  readonly config: string;
  readonly log: string;
};

/** The directory with one directory per machine. */
export const machinesFolder = ({ folder }: LocalState) => `${folder}/machines`;

/** The paths of a machine's files; nothing is created. */
export function filesOf(local: LocalState, id: string): MachineFiles {
  const folder = `${machinesFolder(local)}/${id}`;
  return {
    id,
    folder,
    key: `${folder}/id`,
    knownHosts: `${folder}/known_hosts`,
    config: `${folder}/ssh_config`,
    log: `${folder}/link.log`,
  };
}

/** The record of a machine that was just launched for a session. */
export function recordOf(
  { provider, persist }: Remote,
  { plan, session }: { readonly plan: RunPlan; readonly session: Session },
  id: string,
  layout: Layout,
): MachineRecord {
  const { tool, user, workdir, ports, tty } = plan;
  const names = { id, name: session.name, session: session.id };
  return { scope: provider.scope, ...names, tool, user, workdir, layout, ports, tty, persist };
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Writes a machine's record, creating its directory. */
export async function saveRecord(local: LocalState, record: MachineRecord): Promise<void> {
  const { folder } = filesOf(local, record.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replace(`${folder}/machine.json`, JSON.stringify(record));
}

/** Writes the ending of a machine's tool. */
export async function saveEnding(local: LocalState, id: string, ending: Ending): Promise<void> {
  await replace(`${filesOf(local, id).folder}/ending.json`, JSON.stringify(ending));
}

async function json<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** @returns the record of a machine; undefined if this laptop has none. */
export async function readRecord(
  local: LocalState,
  id: string,
): Promise<MachineRecord | undefined> {
  return await json<MachineRecord>(`${filesOf(local, id).folder}/machine.json`);
}

/** @returns the ending of a machine's tool; undefined if this laptop has recorded none. */
export async function readEnding(local: LocalState, id: string): Promise<Ending | undefined> {
  return await json<Ending>(`${filesOf(local, id).folder}/ending.json`);
}

/** The ids of the machines with files on this laptop. */
export async function knownMachines(local: LocalState): Promise<readonly string[]> {
  return await readdir(machinesFolder(local)).catch(() => []);
}

/** Deletes this laptop's files of a machine. */
export async function forget(local: LocalState, id: string): Promise<void> {
  await rm(filesOf(local, id).folder, { recursive: true, force: true });
}
