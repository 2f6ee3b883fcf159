import { existsSync } from "node:fs";
import type { Exit } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { interactive } from "../../sys/process/process.ts";
import { supervise } from "../../sys/process/signals.ts";
import { adopt, theirRecord } from "./foreign-record.ts";
import { GUEST } from "./link/guest.ts";
import { LINK_MS, setUp, type Here } from "./link/link.ts";
import type { Machine } from "../fly/machines.ts";
import { filesOf, readRecord, saveRecord } from "./record.ts";
import { returnScript } from "./link/setup.ts";
import { doorOf, makeKey, openShared, sshCommand } from "./link/ssh.ts";

/** Runs a command beside the tool, with its surroundings. */
export async function execIn(
  here: Here,
  home: string,
  app: string,
  machine: Machine,
  argv: readonly string[],
  tty: boolean,
): Promise<Exit> {
  const { id, name } = machine;
  if (machine.state !== "started")
    throw new SiloError(`${name} is not running: ${machine.state}`, {
      hint: `silo reconnect ${name}`,
    });
  const known = await readRecord(here.state, id);
  const files = filesOf(here.state, id);
  const { signal } = new AbortController();
  if (known === undefined) {
    const told = adopt(await theirRecord(here, app, id), { app, id, name }, home);
    // A door is all that is wanted: the machine's files stay where they are.
    const record = { ...told, elsewhere: true };
    await saveRecord(here.state, record);
    const key = await makeKey(files);
    await setUp(here, record, returnScript(record, key), signal);
  }
  if (!existsSync(files.config))
    throw new SiloError(`${name} is still starting`, { hint: "silo ls" });
  const shared = await openShared(files, doorOf(id), LINK_MS);
  if (!shared) throw new SiloError(`the link to ${name} does not stand`, { hint: "fly doctor" });
  const child = await interactive(
    sshCommand(files, id, [GUEST, "enter", ...argv], [tty ? "-t" : "-T"]),
  );
  const release = supervise({ forward: child.kill, destroy: () => child.kill("SIGKILL") });
  return await child.exit.finally(release);
}
