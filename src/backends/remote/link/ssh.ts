import { appendFile, chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { shellWord } from "../../../core/text/quote.ts";
import type { Cmd } from "../../../runtime/command.ts";
import { SiloError } from "../../../errors.ts";
import { whereIs } from "../../../sys/host/which.ts";
import {
  capture,
  ownCommand,
  ProgramMissing,
  type Captured,
} from "../../../sys/process/process.ts";
import { flyFolder } from "../../fly/flyctl.ts";
import { missingProgram } from "../../fly/errors.ts";
import { shortFolder } from "./socket-dir.ts";
import type { Files } from "../record.ts";
import { PIPE_WORD } from "../../fly/words.ts";

/** Two ways into a machine: a large transfer on one does not hold up the keys typed on the other. */
export const doorOf = (id: string) => `silo-${id}`;
export const syncDoorOf = (id: string) => `silo-${id}-sync`;

/** The longest path of a socket is 104 bytes on macOS; a name takes 41 of them, and ssh adds 17 for a moment. */
const LONGEST = 45;

/** Where the sockets of shared connections lie. */
async function socketFolder(state: string, uid: number): Promise<string> {
  return await shortFolder(`${flyFolder(state)}/c`, LONGEST, uid, "c");
}

/** A path as ssh_config reads it back. */
const quoted = (path: string) => `"${path.replaceAll("%", "%%")}"`;

/**
 * How ssh reaches a machine: through silo's own link, with the machine's exact key, asking nobody. The first value
 * wins in ssh_config(5), so what is written here holds.
 */
export function sshConfig(
  where: { readonly app: string; readonly id: string },
  login: string,
  files: Files,
  sockets: string,
): string {
  const { bin, args } = ownCommand([PIPE_WORD, where.app, where.id, files.log]);
  const pipe = [bin, ...args].map((word) => shellWord(word).replaceAll("%", "%%")).join(" ");
  const host = (name: string, user: string) => `Host ${name}
  HostName ${name}
  HostKeyAlias silo-${where.id}
  User ${user}
  IdentityFile ${quoted(files.key)}
  UserKnownHostsFile ${quoted(files.knownHosts)}
  GlobalKnownHostsFile /dev/null
  IdentitiesOnly yes
  IdentityAgent none
  StrictHostKeyChecking yes
  BatchMode yes
  ProxyCommand ${pipe}
  ConnectTimeout 60
  ServerAliveInterval 15
  ServerAliveCountMax 4
  ControlMaster no
  ControlPath ${quoted(sockets)}/%C
  ControlPersist no
  ForwardAgent no
  ForwardX11 no
  LogLevel ERROR
`;
  return `${host(doorOf(where.id), "root")}\n${host(syncDoorOf(where.id), login)}`;
}

/** The public half of a machine's own key pair, which is made where there is none. */
export async function makeKey(files: Files): Promise<string> {
  const known = await readFile(`${files.key}.pub`, "utf8").catch(() => "");
  if (known !== "") return known.trim();
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  const args = ["-q", "-t", "ed25519", "-N", "", "-C", "silo", "-f", files.key];
  try {
    const { code, stderr } = await capture({ bin: "ssh-keygen", args });
    if (code !== 0)
      throw new SiloError("ssh-keygen failed", { detail: [stderr.trim()], hint: "silo doctor" });
  } catch (error) {
    throw error instanceof ProgramMissing ? missingProgram("ssh") : error;
  }
  return (await readFile(`${files.key}.pub`, "utf8")).trim();
}

/** Writes what ssh needs to know of a machine. */
export async function writeSsh(
  state: string,
  where: { readonly app: string; readonly id: string },
  door: { readonly hostKey: string; readonly login: string },
  files: Files,
  uid: number,
): Promise<void> {
  const sockets = await socketFolder(state, uid);
  await writeFile(files.knownHosts, `silo-${where.id} ${door.hostKey}\n`, { mode: 0o600 });
  await writeFile(files.config, sshConfig(where, door.login, files, sockets), { mode: 0o600 });
  await appendFile(files.log, "", { mode: 0o600 });
  await writeShim(state);
}

/** What mutagen takes for ssh and scp: it has settings of its own that end a slow link (transport.go), and ours go first. */
async function writeShim(state: string): Promise<void> {
  const folder = shimFolder(state);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const all = `${flyFolder(state)}/ssh_config`;
  await writeFile(all, `Include ${quoted(`${flyFolder(state)}/machines`)}/*/ssh_config\n`, {
    mode: 0o600,
  });
  for (const name of ["ssh", "scp"]) {
    const real = whereIs(name);
    if (real === undefined) throw missingProgram("ssh");
    const first = ["-F", all, "-oServerAliveInterval=15", "-oServerAliveCountMax=4"];
    const line = [real, ...first].map(shellWord).join(" ");
    await writeFile(`${folder}/${name}`, `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o700 });
    await chmod(`${folder}/${name}`, 0o700);
  }
}

export function shimFolder(state: string): string {
  return `${flyFolder(state)}/sshbin`;
}

/** Words for the machine's shell, each as it is. */
export const remoteWords = (words: readonly string[]) => words.map(shellWord).join(" ");

/** A command in a machine, as root; shared connections make it cheap. */
export function sshCommand(
  { config }: Files,
  id: string,
  words: readonly string[],
  flags: readonly string[] = ["-T"],
): Cmd {
  return { bin: "ssh", args: ["-F", config, ...flags, doorOf(id), remoteWords(words)] };
}

/** What a command in the machine prints. 255 where the link failed. */
export async function askMachine(
  files: Files,
  id: string,
  words: readonly string[],
  options: { readonly timeoutMs?: number; readonly stdin?: string } = {},
): Promise<Captured> {
  const cmd = sshCommand(files, id, words);
  const { stdin } = options;
  return await capture(stdin === undefined ? cmd : { ...cmd, stdin }, options.timeoutMs);
}

/**
 * Opens a connection that others share, in the background; it ends with its link, when it is closed, or when nobody
 * has used it for a minute and a half.
 * @param door `user@alias` or an alias. @returns whether it stands.
 */
export async function openShared(files: Files, door: string, timeoutMs: number): Promise<boolean> {
  const ready = await capture({ bin: "ssh", args: ["-F", files.config, "-O", "check", door] });
  if (ready.code === 0) return true;
  const flags = ["-f", "-N", "-T", "-o", "ControlMaster=yes", "-o", "ControlPersist=90"];
  const args = ["-F", files.config, ...flags, "-E", files.log, door];
  return (await capture({ bin: "ssh", args, newSession: true }, timeoutMs)).code === 0;
}

export async function closeShared(files: Files, door: string): Promise<void> {
  await capture({ bin: "ssh", args: ["-F", files.config, "-O", "exit", door] });
}
