import type { Port } from "../../core/types.ts";

/** An address for a URL or `--publish`: IPv6 in brackets. */
export function urlHost(ip: string): string {
  return ip.includes(":") ? `[${ip}]` : ip;
}

/** The value of `--publish` for a port: `127.0.0.1:8080:80/tcp`. */
export function publishArg({ hostIp, host, guest, protocol }: Port): string {
  return `${urlHost(hostIp)}:${host}:${guest}/${protocol}`;
}
