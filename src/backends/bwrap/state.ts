import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { object } from "../../core/json.ts";
import { errorCode } from "../../errors.ts";
import { namesIn, readJson } from "../../sys/files/peek.ts";
import { processStart, processStarts } from "../../sys/process/table.ts";
import { sessionRecord } from "../../sys/state/sessions.ts";

/** What bwrap adds to a session. The name of the file claims the name of the sandbox. */
type Claim = {
  readonly name: string;
  readonly session: string;
  readonly project: string;
  readonly created: string;
  /** Process id of the sandbox; of silo before the sandbox runs. */
  readonly pid: number;
  /** Start time of that process, which distinguishes it from a later one with the same id. */
  readonly started: string;
};

/** A running sandbox: its claim, and what the session's own record says of it. */
export type Running = Claim & {
  readonly tool: string;
  readonly image: string;
  /** The working directory. */
  readonly directory: string;
};

const folder = (state: string) => `${state}/silo/bwrap`;
const file = (state: string, name: string) => `${folder(state)}/${name}.json`;

/** Claims a name before the start. @returns false if it is in use. */
export async function claim(
  state: string,
  given: Omit<Claim, "pid" | "started">,
): Promise<boolean> {
  mkdirSync(folder(state), { recursive: true, mode: 0o700 });
  const record: Claim = { ...given, pid: process.pid, started: await processStart() };
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
function written(state: string, record: Claim): string {
  const path = `${file(state, record.name)}.${record.session}`;
  writeFileSync(path, JSON.stringify(record), { mode: 0o600 });
  return path;
}

/** Records the process id of the sandbox. */
export async function started(
  state: string,
  given: Omit<Claim, "pid" | "started">,
  pid: number,
): Promise<void> {
  const start = (await processStarts([pid])).get(pid);
  // The sandbox has exited already.
  if (start === undefined) return;
  const record: Claim = { ...given, pid, started: start };
  renameSync(written(state, record), file(state, given.name));
}

/** Releases a name. */
export function release(state: string, name: string): void {
  rmSync(file(state, name), { force: true });
}

/** Lists the running sandboxes, and deletes the records of those that have exited. */
export async function running(state: string): Promise<readonly Running[]> {
  const records = names(state)
    .map((name) => readJson(file(state, name), isClaim))
    .filter((record) => record !== undefined);
  const starts = await processStarts(records.map(({ pid }) => pid));
  const live = records.filter(({ pid, started: start }) => starts.get(pid) === start);
  for (const { name } of records.filter((record) => !live.includes(record))) release(state, name);
  return live.map((claim) => {
    const { tool = "", image = "", directory = "" } = sessionRecord(state, claim.session) ?? {};
    return { ...claim, tool, image, directory };
  });
}

function names(state: string): readonly string[] {
  return namesIn(folder(state)).flatMap((entry) =>
    entry.endsWith(".json") ? [entry.slice(0, -".json".length)] : [],
  );
}

function isClaim(value: unknown): value is Claim {
  const { name, session, project, created, pid, started: start } = object(value);
  const texts = [name, session, project, created, start];
  return texts.every((text) => typeof text === "string") && typeof pid === "number";
}
