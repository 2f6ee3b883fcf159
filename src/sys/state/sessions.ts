import { rmSync } from "node:fs";
import { object } from "../../core/json.ts";
import type { BackendName } from "../../core/types.ts";
import { namesIn, readJson } from "../files/peek.ts";
import { replaceOwn } from "../files/write.ts";
import { processStart, processStarts } from "../process/table.ts";

const SESSION_ID = /^[0-9a-f]{16}$/;

/** Tool, image, directory and user of a session. */
export type SessionDetails = {
  readonly tool?: string;
  /** The image's tag. */
  readonly image?: string;
  /** The working directory on the host. */
  readonly directory?: string;
  /** The user inside. */
  readonly user?: string;
};

/**
 * A session's file. It lets later commands reap a container orphaned by a killed silo process, and find one that
 * outlives its silo process. Files of earlier versions of silo have no details.
 */
export type SessionRecord = SessionDetails & {
  readonly id: string;
  readonly pid: number;
  /** Start time of the process, in the system's own form; distinguishes it from a later process with the same pid. */
  readonly started: string;
  readonly backend: BackendName;
  /** The container's name, once it is known. */
  readonly name?: string;
  /** The container may outlive its silo process, for `silo reconnect`. */
  readonly kept?: boolean;
};

/** A session that this process has opened. */
export type OwnSession = {
  readonly id: string;
  /** Writes the container's name, and whether it may outlive this process. */
  readonly update: (name: string, kept: boolean) => void;
  /** Keeps the record, because the container outlives this process; `close` does nothing after it. */
  readonly detach: () => void;
  /** Deletes the record; harmless when called twice. */
  readonly close: () => void;
};

/** Directory of the session files. */
export function sessionDirectory(state: string): string {
  return `${state}/silo/sessions`;
}

/** Creates the session record of a run. */
export async function openSession(
  state: string,
  backend: BackendName,
  details: SessionDetails = {},
): Promise<OwnSession> {
  const id = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  const record = { ...details, id, pid: process.pid, started: await processStart(), backend };
  write(state, record);
  return ownSession(state, record);
}

function ownSession(state: string, record: SessionRecord): OwnSession {
  let left = false;
  return {
    id: record.id,
    update: (name, kept) => write(state, { ...record, name, ...(kept ? { kept } : {}) }),
    detach: () => {
      left = true;
    },
    close: () => {
      if (!left) forgetSession(state, record.id);
    },
  };
}

function write(state: string, record: SessionRecord): void {
  const path = `${sessionDirectory(state)}/${record.id}.json`;
  replaceOwn(path, JSON.stringify(record));
}

/** Names from session files, without querying any engine; some may be stale. */
export function knownNames(state: string): readonly string[] {
  return namesOf(readSessions(state));
}

/** Names of the sessions on a backend, except one session's. */
export function otherNames(state: string, backend: BackendName, own: string): readonly string[] {
  return namesOf(
    readSessions(state).filter((record) => record.backend === backend && record.id !== own),
  );
}

function namesOf(records: readonly SessionRecord[]): readonly string[] {
  return records.flatMap(({ name }) => (name === undefined ? [] : [name])).toSorted();
}

/** Sessions on a backend whose silo process was killed before it cleaned up. */
export async function deadSessions(
  state: string,
  backend: BackendName,
): Promise<readonly SessionRecord[]> {
  const records = readSessions(state).filter(
    (record) => record.backend === backend && record.kept !== true,
  );
  const others = records.filter(({ pid }) => pid !== process.pid);
  const starts = await processStarts(others.map(({ pid }) => pid));
  return others.filter(({ pid, started }) => starts.get(pid) !== started);
}

/**
 * Takes over the session of a container that outlives its silo process.
 * @returns undefined if there is none, or the pid of the process that is still attached.
 */
export async function takeSession(
  state: string,
  backend: BackendName,
  id: string,
): Promise<OwnSession | { readonly pid: number } | undefined> {
  const record = readSessions(state).find((known) => known.id === id && known.backend === backend);
  if (record?.kept !== true) return record === undefined ? undefined : { pid: record.pid };
  const starts = await processStarts([record.pid]);
  if (record.pid !== process.pid && starts.get(record.pid) === record.started)
    return { pid: record.pid };
  const own = ownSession(state, { ...record, pid: process.pid, started: await processStart() });
  own.update(record.name ?? "", true);
  return own;
}

/** Takes over a session that another machine has opened. */
export async function adoptSession(
  state: string,
  backend: BackendName,
  id: string,
  name: string,
): Promise<OwnSession> {
  const own = ownSession(state, { id, pid: process.pid, started: await processStart(), backend });
  own.update(name, true);
  return own;
}

/** Sessions on a backend whose containers may outlive their silo processes. */
export function keptSessions(state: string, backend: BackendName): readonly SessionRecord[] {
  return readSessions(state).filter((record) => record.kept === true && record.backend === backend);
}

/**
 * Deletes the records of sessions whose silo process and container have both ended.
 * @param kept sessions read before the backend was queried, because its answer may lack a later one.
 */
export async function forgetEnded(
  state: string,
  kept: readonly SessionRecord[],
  running: readonly string[],
): Promise<void> {
  const ended = kept.filter(({ id }) => !running.includes(id));
  const starts = await processStarts(ended.map(({ pid }) => pid));
  for (const { id, pid, started } of ended)
    if (starts.get(pid) !== started) forgetSession(state, id);
}

/** Deletes the record of a reaped session. */
export function forgetSession(state: string, id: string): void {
  const directory = sessionDirectory(state);
  try {
    // With the temporary files of a process that was killed while it wrote the record.
    for (const name of namesIn(directory))
      if (name.startsWith(`${id}.json`)) rmSync(`${directory}/${name}`, { force: true });
  } catch {
    // The next command retries.
  }
}

/** The record of a session; undefined if there is none. */
export function sessionRecord(state: string, id: string): SessionRecord | undefined {
  return SESSION_ID.test(id)
    ? readJson(`${sessionDirectory(state)}/${id}.json`, isRecord)
    : undefined;
}

function readSessions(state: string): readonly SessionRecord[] {
  const directory = sessionDirectory(state);
  const files = namesIn(directory).filter((name) => /^[0-9a-f]{16}\.json$/.test(name));
  return files
    .map((name) => readJson(`${directory}/${name}`, isRecord))
    .filter((record) => record !== undefined);
}

function isRecord(value: unknown): value is SessionRecord {
  const { id, pid, started, backend, kept, name, tool, image, directory, user } = object(value);
  return (
    typeof id === "string" &&
    SESSION_ID.test(id) &&
    typeof pid === "number" &&
    typeof started === "string" &&
    typeof backend === "string" &&
    (kept === undefined || typeof kept === "boolean") &&
    [name, tool, image, directory, user].every(
      (text) => text === undefined || typeof text === "string",
    )
  );
}
