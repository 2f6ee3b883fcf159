import { SiloError } from "../errors.ts";
import type { Port } from "./types.ts";

const SPEC = /^(?:(\[[0-9a-fA-F:.%]+\]|[^:[\]]+):)?(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/;

/**
 * Parses a port of the configuration: `[hostIP:]host:guest[/udp]`; without an address it binds to 127.0.0.1.
 * @throws SiloError for any other form.
 */
export function parsePort(written: string, from: string): Port {
  const [, address, host, guest, protocol] = SPEC.exec(written) ?? [];
  const port = {
    hostIp: (address ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1"),
    host: Number(host),
    guest: Number(guest),
    protocol: protocol === "udp" ? ("udp" as const) : ("tcp" as const),
    optional: false,
  };
  if (!inRange(port.host) || !inRange(port.guest)) {
    throw new SiloError(
      `port "${written}" in ${from} is not of the form [hostIP:]host:guest[/udp]`,
    );
  }
  return port;
}

function inRange(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** Merges the tool's own ports and the configured ones; a configured one replaces the tool's on the same host port. */
export function mergePorts(own: readonly Port[], configured: readonly Port[]): readonly Port[] {
  const place = (port: Port) => `${port.hostIp} ${port.host} ${port.protocol}`;
  const taken = new Set(configured.map(place));
  const unique = new Map(
    [...own.filter((port) => !taken.has(place(port))), ...configured].map((port) => [
      `${place(port)} ${port.guest}`,
      port,
    ]),
  );
  return [...unique.values()];
}
