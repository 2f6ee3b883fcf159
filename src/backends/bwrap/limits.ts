import { existsSync } from "node:fs";
import type { Config } from "../../core/config.ts";
import { DEFAULT_PROCESSES } from "../engine/limits.ts";
import { whereIs } from "../../sys/host/which.ts";

/** Resource limits of a sandbox. */
export type Limits = {
  /** Bytes, or `none` for no limit; undefined for the default limit. */
  readonly memory: number | "none" | undefined;
  /** Maximum number of processes, counted in the sandbox's user namespace. */
  readonly processes: number;
  /** Maximum size of each tmpfs in bytes; undefined for the defaults. */
  readonly tmp: number | undefined;
};

/** Parses an amount of memory in silo.jsonc, such as `4g`, into bytes. */
export function bytes(written: string): number {
  const [, count = "0", unit = ""] = /^([\d.]+)([bkmg]?)$/i.exec(written) ?? [];
  const power = { "": 0, b: 0, k: 1, m: 2, g: 3 }[unit.toLowerCase()] ?? 0;
  return Math.round(Number(count) * 1024 ** power);
}

/** The limits from the configuration. */
export function limitsFrom({ backends: { bwrap } }: Config): Limits {
  const amount = (written: { readonly value: string } | undefined) =>
    written === undefined ? undefined : bytes(written.value);
  return {
    memory: bwrap.memory?.value === "none" ? "none" : amount(bwrap.memory),
    processes: bwrap.processes?.value ?? DEFAULT_PROCESSES,
    tmp: amount(bwrap.tmp),
  };
}

/** A memory limit and how to set it. */
export type MemoryLimit = {
  /** Bytes, or a percentage of the host's memory. */
  readonly most: string;
  /** Maximum number of processes and threads. */
  readonly tasks: number;
  /** Whether the start fails if the limit cannot be set. */
  readonly must: boolean;
  /** The root of the cgroups, or systemd's command with the directory of its socket; both undefined if neither is available. */
  readonly cgroup: string | undefined;
  readonly systemd: { readonly busctl: string; readonly runtime: string } | undefined;
};

/** Default memory limit: three quarters of the host's memory, so that the rest of the system keeps running. */
const DEFAULT_MEMORY = "75%";
const CGROUPS = "/sys/fs/cgroup";

/** Path of a session's cgroup, which is removed after the sandbox has exited. */
export const cgroupOf = (session: string) => `${CGROUPS}/silo-${session}`;

/**
 * Decides how to limit the memory of a sandbox on this host: root creates a cgroup (cgroups(7), version 2), other users
 * use their systemd user manager.
 * @returns undefined if neither is available and no limit is configured.
 */
export function memoryLimit({ memory, processes }: Limits, uid: number): MemoryLimit | undefined {
  if (memory === "none") return undefined;
  const cgroup = uid === 0 && existsSync(`${CGROUPS}/cgroup.controllers`) ? CGROUPS : undefined;
  const systemd = uid === 0 ? undefined : userManager();
  if (memory === undefined && cgroup === undefined && systemd === undefined) return undefined;
  const most = memory === undefined ? DEFAULT_MEMORY : String(memory);
  // Some more for bwrap itself.
  return { most, tasks: processes + 16, must: memory !== undefined, cgroup, systemd };
}

function userManager(): MemoryLimit["systemd"] {
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? "";
  if (!runtime.startsWith("/") || !existsSync(`${runtime}/bus`)) return undefined;
  const busctl = whereIs("busctl");
  return busctl === undefined ? undefined : { busctl, runtime };
}
