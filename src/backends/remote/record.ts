import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import type { GuestUser, Port, RunPlan, Session } from "../../core/types.ts";
import { flyFolder } from "../fly/flyctl.ts";
import type { Layout } from "./sync/layout.ts";

/** What silo knows of a machine that it made, on this laptop and in the machine itself. */
export type Record = {
  readonly app: string;
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
  /** Made on another laptop, and this one has not agreed to have its files. */
  readonly elsewhere?: boolean;
};

/** How the tool ended and what holds its machine, once that is known. */
export type Ending = { readonly code: number; readonly held: string };

/** A laptop's files of one machine. */
export type Files = {
  readonly folder: string;
  readonly key: string;
  readonly knownHosts: string;
  readonly config: string;
  readonly log: string;
};

const machinesFolder = (state: string) => `${flyFolder(state)}/machines`;

export function filesOf(state: string, id: string): Files {
  const folder = `${machinesFolder(state)}/${id}`;
  return {
    folder,
    key: `${folder}/id`,
    knownHosts: `${folder}/known_hosts`,
    config: `${folder}/ssh_config`,
    log: `${folder}/link.log`,
  };
}

export function recordOf(
  plan: RunPlan,
  session: Session,
  app: string,
  id: string,
  layout: Layout,
  persist: boolean,
): Record {
  const { tool, user, workdir, ports, tty } = plan;
  const { name, id: own } = session;
  return { app, id, name, session: own, tool, user, workdir, layout, ports, tty, persist };
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export async function saveRecord(state: string, record: Record): Promise<void> {
  const { folder } = filesOf(state, record.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replace(`${folder}/machine.json`, JSON.stringify(record));
}

export async function saveEnding(state: string, id: string, ending: Ending): Promise<void> {
  await replace(`${filesOf(state, id).folder}/ending.json`, JSON.stringify(ending));
}

async function json<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

export async function readRecord(state: string, id: string): Promise<Record | undefined> {
  return await json<Record>(`${filesOf(state, id).folder}/machine.json`);
}

export async function readEnding(state: string, id: string): Promise<Ending | undefined> {
  return await json<Ending>(`${filesOf(state, id).folder}/ending.json`);
}

/** Machines of which this laptop has files, by id. */
export async function knownMachines(state: string): Promise<readonly string[]> {
  return await readdir(machinesFolder(state)).catch(() => []);
}

export async function forget(state: string, id: string): Promise<void> {
  await rm(filesOf(state, id).folder, { recursive: true, force: true });
}
