import { appendFile, chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { shellWord } from "../../../core/text/quote.ts";
import type { Cmd } from "../../../runtime/command.ts";
import { SiloError } from "../../../errors.ts";
import { whereIs } from "../../../sys/host/which.ts";
import { capture, ProgramMissing, type Captured } from "../../../sys/process/process.ts";
import { missingProgram } from "../errors.ts";
import type { LocalState } from "../local-state.ts";
import type { Remote } from "../provider.ts";
import { filesOf, machinesFolder, type MachineFiles } from "../record.ts";
import { socketDir } from "./socket-dir.ts";

/** Host aliases of ssh_config(5): one for the terminal and one for syncing, so that a large transfer does not delay keystrokes. */
export const sshHost = (id: string) => `silo-${id}`;
export const syncSshHost = (id: string) => `silo-${id}-sync`;

/** Maximum length of the socket directory's path: a socket's path has at most 104 bytes on macOS, including 41 for its name and 17 for ssh's temporary suffix. */
const LONGEST = 45;

async function controlSockets({ folder, uid }: LocalState): Promise<string> {
  return await socketDir(`${folder}/c`, LONGEST, uid, "c");
}

/** A path, quoted for ssh_config(5). */
const quoted = (path: string) => `"${path.replaceAll("%", "%%")}"`;

/**
 * The ssh_config of a machine: the provider's proxy, the machine's exact host key, and no prompts. In ssh_config(5) the
 * first value wins, so the user's own settings cannot override these.
 * @param login the user that files are synced as.
 */
export function sshConfig(
  files: MachineFiles,
  login: string,
  { bin, args }: Pick<Cmd, "bin" | "args">,
  sockets: string,
): string {
  const { id } = files;
  const proxy = [bin, ...args].map((word) => shellWord(word).replaceAll("%", "%%")).join(" ");
  const host = (name: string, user: string) => `Host ${name}
  HostName ${name}
  HostKeyAlias silo-${id}
  User ${user}
  IdentityFile ${quoted(files.key)}
  UserKnownHostsFile ${quoted(files.knownHosts)}
  GlobalKnownHostsFile /dev/null
  IdentitiesOnly yes
  IdentityAgent none
  StrictHostKeyChecking yes
  BatchMode yes
  ProxyCommand ${proxy}
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
  return `${host(sshHost(id), "root")}\n${host(syncSshHost(id), login)}`;
}

/**
 * Creates the machine's key pair if it has none.
 * @returns the public key.
 */
export async function makeKey(files: MachineFiles): Promise<string> {
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

/** Writes a machine's ssh_config and known_hosts. */
export async function writeSshFiles(
  remote: Remote,
  id: string,
  { hostKey, login }: { readonly hostKey: string; readonly login: string },
): Promise<void> {
  const files = filesOf(remote, id);
  const proxy = remote.provider.sshProxy(id, files.log);
  const config = sshConfig(files, login, proxy, await controlSockets(remote));
  await writeFile(files.knownHosts, `silo-${id} ${hostKey}\n`, { mode: 0o600 });
  await writeFile(files.config, config, { mode: 0o600 });
  await appendFile(files.log, "", { mode: 0o600 });
  await writeShims(remote);
}

/** Writes the ssh and scp wrappers for mutagen. They pass silo's keepalive options first, because mutagen's own drop a slow connection (transport.go). */
async function writeShims(local: LocalState): Promise<void> {
  const folder = shimFolder(local);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const all = `${local.folder}/ssh_config`;
  await writeFile(all, `Include ${quoted(machinesFolder(local))}/*/ssh_config\n`, { mode: 0o600 });
  for (const name of ["ssh", "scp"]) {
    const real = whereIs(name);
    if (real === undefined) throw missingProgram("ssh");
    const first = ["-F", all, "-oServerAliveInterval=15", "-oServerAliveCountMax=4"];
    const line = [real, ...first].map(shellWord).join(" ");
    await writeFile(`${folder}/${name}`, `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o700 });
    await chmod(`${folder}/${name}`, 0o700);
  }
}

/** The directory of mutagen's ssh and scp wrappers. */
export function shimFolder({ folder }: LocalState): string {
  return `${folder}/sshbin`;
}

/** An argument list, quoted for the machine's shell. */
export const remoteWords = (argv: readonly string[]) => argv.map(shellWord).join(" ");

/** The ssh command that runs a command in a machine as root, over the shared connection. */
export function sshCommand(
  { config, id }: MachineFiles,
  argv: readonly string[],
  flags: readonly string[] = ["-T"],
): Cmd {
  return { bin: "ssh", args: ["-F", config, ...flags, sshHost(id), remoteWords(argv)] };
}

/** Runs a command in a machine as root and captures its output. The exit status is 255 if the connection failed. */
export async function sshCapture(
  files: MachineFiles,
  argv: readonly string[],
  options: { readonly timeoutMs?: number } = {},
): Promise<Captured> {
  return await capture(sshCommand(files, argv), options.timeoutMs);
}

/**
 * Opens a shared connection (ssh's ControlMaster) in the background. It ends after `closeShared`, a network failure, or
 * 90 seconds without use.
 * @param host an alias, or `user@alias`.
 * @returns whether it is open.
 */
export async function openShared(
  files: MachineFiles,
  host: string,
  timeoutMs: number,
): Promise<boolean> {
  const ready = await capture({ bin: "ssh", args: ["-F", files.config, "-O", "check", host] });
  if (ready.code === 0) return true;
  const flags = ["-f", "-N", "-T", "-o", "ControlMaster=yes", "-o", "ControlPersist=90"];
  const args = ["-F", files.config, ...flags, "-E", files.log, host];
  return (await capture({ bin: "ssh", args, newSession: true }, timeoutMs)).code === 0;
}

/** Closes a shared connection; one that is closed already is not an error. */
export async function closeShared(files: MachineFiles, host: string): Promise<void> {
  await capture({ bin: "ssh", args: ["-F", files.config, "-O", "exit", host] });
}
