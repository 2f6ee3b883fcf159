import { statSync } from "node:fs";

/** An error of a command: its text after `Error: `, and exit code 1. */
export class Failure extends Error {}

const fail = (code: string, text: string) => new Failure(`${code}: "${text}"`);

export type MountSpec = {
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean;
};

function directory(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw fail("invalidArgument", `path '${path}' does not exist`);
  if (!found.isDirectory()) throw fail("invalidArgument", `path '${path}' is not a directory`);
}

/** `--mount`: no quoting, and each part is `key=value` with one equals sign. */
export function mountOf(spec: string): MountSpec {
  let [type, source, target, readonly] = ["virtiofs", "", "", false];
  for (const part of spec.split(",").filter((text) => text !== "")) {
    const [key = "", value, more] = part.split("=");
    if (more !== undefined)
      throw fail("invalidArgument", `invalid directive format missing value ${part} in ${spec}`);
    if (key === "type") type = value ?? "";
    else if (key === "source" || key === "src") source = value ?? "";
    else if (["destination", "dst", "target"].includes(key)) target = value ?? "";
    else if (key === "readonly" || key === "ro") readonly = true;
    else throw fail("invalidArgument", `unknown directive ${key} when parsing mount ${spec}`);
  }
  if (!["bind", "virtiofs"].includes(type))
    throw fail("invalidArgument", `unsupported mount type ${type}`);
  directory(source);
  if (target === "") throw fail("invalidArgument", "mount destination cannot be empty");
  return { source, target, readonly };
}

/** `-v`: split at every colon. */
export function volumeOf(spec: string): MountSpec {
  const parts = spec
    .replace(/^:/, "")
    .split(":")
    .filter((text) => text !== "");
  const [source = "", target = "", options = ""] = parts;
  if (parts.length > 3) throw fail("invalidArgument", `invalid volume format ${spec}`);
  if (parts.length < 2 || !source.includes("/"))
    throw fail("invalidArgument", `the double plays no named volume: ${spec}`);
  if (statSync(source, { throwIfNoEntry: false }) === undefined)
    throw fail("invalidArgument", `path '${source}' does not exist`);
  return { source, target, readonly: options.split(",").includes("ro") };
}

export type PortSpec = {
  readonly address: string;
  readonly host: number;
  readonly guest: number;
  readonly proto: string;
};

export function portsOf(specs: readonly string[]): readonly PortSpec[] {
  const ports = specs.map((spec) => {
    const found = /^(?:(\[[0-9a-f:]+\]|[\d.]+):)?(\d+):(\d+)(?:\/(tcp|udp))?$/.exec(spec);
    if (found === null) throw fail("invalidArgument", `invalid publish value: ${spec}`);
    const [, address = "0.0.0.0", host, guest, proto = "tcp"] = found;
    const port = { address, host: Number(host), guest: Number(guest), proto };
    for (const number of [port.host, port.guest])
      if (number < 2 || number > 65_535)
        throw fail("invalidArgument", `invalid publish port: ${spec}`);
    return port;
  });
  const taken = new Set(ports.map(({ host, proto }) => `${host}/${proto}`));
  if (taken.size < ports.length)
    throw fail("invalidArgument", "host ports for different publish port specs may not overlap");
  if (ports.length > 64)
    throw fail("invalidArgument", "cannot exceed more than 64 port publish descriptors");
  return ports;
}

export function labelsOf(specs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    specs.map((spec) => {
      const [key = "", value = "", more] = spec.split("=");
      if (key === "" || more !== undefined)
        throw fail("invalidArgument", `invalid label format ${spec}`);
      return [key, value];
    }),
  );
}

/** An amount of memory in bytes; at least 200 MiB. */
export function memoryOf(text: string): number {
  const [, number, unit = ""] = /^(\d+)([kmgtp]?)(?:i?b)?$/i.exec(text) ?? [];
  if (number === undefined) throw fail("invalidArgument", `invalid memory size: ${text}`);
  const scale = unit === "" ? 1 : 1024 ** ("kmgtp".indexOf(unit.toLowerCase()) + 1);
  const size = Number(number) * scale;
  if (size < 200 * 1024 ** 2)
    throw fail("invalidArgument", `minimum memory amount allowed is 200 MiB`);
  return size;
}

export const CAPABILITIES =
  "ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM".split(
    " ",
  );

export function capabilitiesOf(names: readonly string[]): readonly string[] {
  return names.map((name) => {
    const bare = name.toUpperCase().replace(/^CAP_/, "");
    if (!CAPABILITIES.includes(bare)) throw fail("invalidArgument", `unknown capability: ${name}`);
    return bare;
  });
}

export function idOf(name: string, limited: boolean): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) || (limited && name.length > 63))
    throw fail("invalidArgument", `container ID ${name} is not a valid container ID`);
  return name;
}

/** `--env`: `K` copies a variable of the command's environment if it is set; `K=V` sets a value. */
export function environmentOf(
  specs: readonly string[],
  own: Readonly<Record<string, string | undefined>>,
) {
  return specs.flatMap((spec) => {
    const [name = "", value] = spec.split(/=(.*)/s);
    const given = value ?? own[name];
    return given === undefined ? [] : [[name, given] as const];
  });
}
