import { existsSync } from "node:fs";
import type { Exit } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { runInteractive } from "../../sys/process/supervised.ts";
import { fetchRecord, importRecord } from "./foreign-record.ts";
import { GUEST } from "./link/guest.ts";
import { LINK_MS, linkFailed, setUp } from "./link/link.ts";
import { returnScript } from "./link/setup.ts";
import { makeKey, openShared, sshCommand, sshHost } from "./link/ssh.ts";
import type { Machine, Remote } from "./provider.ts";
import { filesOf, readRecord, saveRecord } from "./record.ts";

/**
 * Runs a command in the tool's machine, with the tool's environment and working directory.
 * @throws SiloError
 */
export async function execIn(
  remote: Remote,
  machine: Machine,
  argv: readonly string[],
  tty: boolean,
): Promise<Exit> {
  const { id, name, phase, state } = machine;
  if (phase !== "running")
    throw new SiloError(`${name} is not running: ${state}`, { hint: `silo reconnect ${name}` });
  const files = filesOf(remote, id);
  if ((await readRecord(remote, id)) === undefined) await openForeign(remote, machine);
  if (!existsSync(files.config))
    throw new SiloError(`${name} is still starting`, { hint: "silo ls" });
  if (!(await openShared(files, sshHost(id), LINK_MS))) throw linkFailed(remote.provider, name);
  return await runInteractive(sshCommand(files, [GUEST, "enter", ...argv], [tty ? "-t" : "-T"]));
}

/** Sets up SSH access to a machine that another laptop started, without syncing its files. */
async function openForeign(remote: Remote, machine: Machine): Promise<void> {
  const { id, name } = machine;
  const found = await fetchRecord(remote, machine);
  const own = importRecord(found, { scope: remote.provider.scope, id, name }, remote.home);
  const record = { ...own, foreign: true };
  await saveRecord(remote, record);
  const key = await makeKey(filesOf(remote, id));
  await setUp(remote, record, returnScript(record, key));
}
