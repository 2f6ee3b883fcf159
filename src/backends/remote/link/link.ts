import { SiloError } from "../../../errors.ts";
import { consoleArgs } from "../../fly/args.ts";
import { answer } from "../../fly/flyctl.ts";
import { flyError, lastLines } from "../../fly/errors.ts";
import { filesOf, type Record } from "../record.ts";
import { setUpOf, SETUP_COMMAND } from "./setup.ts";
import { closeShared, doorOf, openShared, syncDoorOf, writeSsh } from "./ssh.ts";

/** Where silo's files are and whose, and what ends a wait. */
export type Here = { readonly state: string; readonly uid: number };

/** How long Fly's own door may take to open after a machine has started; the first tunnel of an organisation takes longest (flyctl issue 472). */
const DOOR_MS = 90_000;
const ONE_TRY_MS = 60_000;
export const LINK_MS = 70_000;

/** What no further try mends. */
const FINAL =
  /not authorized|unauthorized|certificate|no access token|must be authenticated|not found\/started|unknown flag/i;

export async function pause(ms: number): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return undefined;
}

/**
 * Runs a script in the machine as root through Fly's console, with all that it needs on standard input, and notes
 * the machine's key. @throws SiloError where the door stays shut.
 */
export async function setUp(
  { state, uid }: Here,
  where: { readonly app: string; readonly id: string },
  script: string,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + DOOR_MS;
  for (let delay = 500; ; delay = Math.min(delay * 2, 8000)) {
    const args = consoleArgs(where.app, where.id, SETUP_COMMAND);
    const said = await answer(state, args, { stdin: script, timeoutMs: ONE_TRY_MS });
    const door = setUpOf(said.stdout);
    if (door !== undefined) {
      await writeSsh(state, where, door, filesOf(state, where.id), uid);
      return;
    }
    signal.throwIfAborted();
    if (FINAL.test(said.stderr)) throw flyError(said.stderr, "opening the machine", where.app);
    // The script itself has failed in the machine: its own words tell why.
    if (/exited with status/.test(said.stderr)) throw setUpFailed(said.stderr);
    if (performance.now() + delay > end) throw shut(said.stderr);
    await pause(delay);
  }
}

function setUpFailed(text: string): SiloError {
  if (/no space left/i.test(text))
    return new SiloError("the machine's disk is full", {
      detail: lastLines(text),
      hint: "name what stays here under backends.fly.ignore in silo.jsonc",
    });
  return new SiloError("the machine could not be set up", {
    detail: lastLines(text),
    hint: "silo <tool> --backend fly --force-build",
  });
}

function shut(text: string): SiloError {
  return new SiloError(
    `the machine has started, but does not let silo in within ${DOOR_MS / 1000} s`,
    {
      detail: lastLines(text),
      hint: "fly doctor   # fly agent restart, or: fly wireguard websockets enable",
    },
  );
}

function syncDoors({ id, layout }: Pick<Record, "id" | "layout">): readonly string[] {
  const kinds = new Set(layout.syncs.map(({ kind }) => (kind === "ro" ? "root" : "user")));
  return [...kinds].map((kind) => (kind === "root" ? `root@${syncDoorOf(id)}` : syncDoorOf(id)));
}

/** Opens the connections that everything shares: one for the terminal, others for the files. @returns whether all stand. */
export async function openLinks(
  here: Here,
  record: Pick<Record, "id" | "layout">,
): Promise<boolean> {
  const files = filesOf(here.state, record.id);
  const doors = [doorOf(record.id), ...syncDoors(record)];
  const open = await Promise.all(doors.map((door) => openShared(files, door, LINK_MS)));
  return open.every(Boolean);
}

export async function closeLinks(
  here: Here,
  record: Pick<Record, "id" | "layout">,
  which: "all" | "terminal",
): Promise<void> {
  const files = filesOf(here.state, record.id);
  const doors = which === "all" ? [doorOf(record.id), ...syncDoors(record)] : [doorOf(record.id)];
  await Promise.all(doors.map((door) => closeShared(files, door)));
}
