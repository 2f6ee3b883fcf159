import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { errorCode } from "../../errors.ts";
import { processStart, processStarts } from "../../sys/process/table.ts";

/** The record of a running sandbox. */
export type Running = {
  readonly name: string;
  readonly image: string;
  readonly tool: string;
  readonly project: string;
  readonly session: string;
  readonly created: string;
  readonly workdir: string;
  /** Process id of the sandbox; of silo before the sandbox runs. */
  readonly pid: number;
  /** Start time of that process, which distinguishes it from a later one with the same id. */
  readonly started: string;
};

const folder = (state: string) => `${state}/silo/bwrap`;
const file = (state: string, name: string) => `${folder(state)}/${name}.json`;

/** Claims a name before the start. @returns false if it is in use. */
export async function claim(
  state: string,
  given: Omit<Running, "pid" | "started">,
): Promise<boolean> {
  mkdirSync(folder(state), { recursive: true, mode: 0o700 });
  const record: Running = { ...given, pid: process.pid, started: await processStart() };
  const whole = written(state, record);
  try {
    linkSync(whole, file(state, given.name));
    return true;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    // Deletes the record if its process is dead, so that the next attempt succeeds.
    await running(state);
    return false;
  } finally {
    rmSync(whole, { force: true });
  }
}

/** Writes a record to a temporary file, so that a rename or link puts it in place as a whole. */
function written(state: string, record: Running): string {
  const path = `${file(state, record.name)}.${record.session}`;
  writeFileSync(path, JSON.stringify(record), { mode: 0o600 });
  return path;
}

/** Records the process id of the sandbox. */
export async function started(
  state: string,
  given: Omit<Running, "pid" | "started">,
  pid: number,
): Promise<void> {
  const start = (await processStarts([pid])).get(pid);
  // It has exited already.
  if (start === undefined) return;
  const record: Running = { ...given, pid, started: start };
  renameSync(written(state, record), file(state, given.name));
}

/** Releases a name. */
export function release(state: string, name: string): void {
  rmSync(file(state, name), { force: true });
}

/** Lists the running sandboxes, and deletes the records of those that have exited. */
export async function running(state: string): Promise<readonly Running[]> {
  const records = names(state)
    .map((name) => read(file(state, name)))
    .filter((record) => record !== undefined);
  const starts = await processStarts(records.map(({ pid }) => pid));
  const live = records.filter(({ pid, started: start }) => starts.get(pid) === start);
  for (const { name } of records.filter((record) => !live.includes(record))) release(state, name);
  return live;
}

function names(state: string): readonly string[] {
  try {
    return readdirSync(folder(state)).flatMap((entry) =>
      entry.endsWith(".json") ? [entry.slice(0, -".json".length)] : [],
    );
  } catch {
    return [];
  }
}

function read(path: string): Running | undefined {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<Running>;
    const texts = [
      value.name,
      value.image,
      value.tool,
      value.project,
      value.session,
      value.created,
    ];
    const whole =
      texts.every((text) => typeof text === "string") &&
      typeof value.workdir === "string" &&
      typeof value.pid === "number" &&
      typeof value.started === "string";
    return whole ? (value as Running) : undefined;
  } catch {
    return undefined;
  }
}
