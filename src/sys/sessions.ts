import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { BackendName } from "../core/types.ts";
import { processStart, processStarts } from "./process-table.ts";

/** A running silo as it stands in its file, so that the next one can clean up after a killed one. */
export type SessionRecord = {
  readonly id: string;
  readonly pid: number;
  /** When the process started, in the system's own form; tells it from a later one with the same id. */
  readonly started: string;
  readonly backend: BackendName;
  /** The container's name, once it is settled. */
  readonly name?: string;
};

/** A session that this process has opened. */
export type OwnSession = {
  readonly id: string;
  readonly named: (name: string) => void;
  /** Ending twice is harmless. */
  readonly close: () => void;
};

/** Directory of the running silos' files. */
export function sessionDirectory(state: string): string {
  return `${state}/silo/sessions`;
}

/** Notes that this process starts a run on a backend. */
export async function openSession(state: string, backend: BackendName): Promise<OwnSession> {
  const id = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  const directory = sessionDirectory(state);
  const path = `${directory}/${id}.json`;
  const record: SessionRecord = { id, pid: process.pid, started: await processStart(), backend };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const write = (value: SessionRecord) =>
    writeFileSync(path, JSON.stringify(value), { mode: 0o600 });
  write(record);
  return {
    id,
    named: (name) => write({ ...record, name }),
    close: () => forgetSession(state, id),
  };
}

/** Names of what runs, as the sessions' files have them: nobody is asked, so one or the other may be gone. */
export function knownNames(state: string): readonly string[] {
  return readSessions(state)
    .flatMap(({ name }) => (name === undefined ? [] : [name]))
    .toSorted();
}

/** Sessions on this backend whose silo has died without cleaning up. */
export async function deadSessions(
  state: string,
  backend: BackendName,
): Promise<readonly SessionRecord[]> {
  const records = readSessions(state).filter((record) => record.backend === backend);
  const others = records.filter(({ pid }) => pid !== process.pid);
  const starts = await processStarts(others.map(({ pid }) => pid));
  return others.filter(({ pid, started }) => starts.get(pid) !== started);
}

/** Forgets a session whose leftovers are gone. */
export function forgetSession(state: string, id: string): void {
  try {
    rmSync(`${sessionDirectory(state)}/${id}.json`, { force: true });
  } catch {
    // The next command finds the session dead and tries again.
  }
}

function readSessions(state: string): readonly SessionRecord[] {
  const directory = sessionDirectory(state);
  const files = names(directory).filter((name) => /^[0-9a-f]{16}\.json$/.test(name));
  return files
    .map((name) => readRecord(`${directory}/${name}`))
    .filter((record) => record !== undefined);
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A file that is being written, or garbage, is no record. */
function readRecord(path: string): SessionRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is SessionRecord {
  if (typeof value !== "object" || value === null) return false;
  const { id, pid, started, backend, name } = value as Partial<
    Record<keyof SessionRecord, unknown>
  >;
  return (
    typeof id === "string" &&
    /^[0-9a-f]{16}$/.test(id) &&
    typeof pid === "number" &&
    typeof started === "string" &&
    typeof backend === "string" &&
    (name === undefined || typeof name === "string")
  );
}
