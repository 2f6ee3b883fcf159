import { existsSync } from "node:fs";
import type { Config } from "../../core/config.ts";
import { whereIs } from "../../sys/host/which.ts";

/** Enough for a build with many jobs, too few to take the machine down; counted in the sandbox's own user namespace. */
export const PROCESSES = 4096;

/** What one sandbox may use. */
export type Limits = {
  /** Bytes, or `none` for all; undefined if the user has not decided. */
  readonly memory: number | "none" | undefined;
  readonly processes: number;
  /** Bytes of each file system in memory; undefined without a limit of the user's. */
  readonly tmp: number | undefined;
};

/** An amount as written in silo.jsonc, in bytes. */
export function bytes(written: string): number {
  const [, count = "0", unit = ""] = /^([\d.]+)([bkmg]?)$/i.exec(written) ?? [];
  const power = { "": 0, b: 0, k: 1, m: 2, g: 3 }[unit.toLowerCase()] ?? 0;
  return Math.round(Number(count) * 1024 ** power);
}

/** The limits of the configuration, where it has any. */
export function limitsFrom({ backends: { bwrap } }: Config): Limits {
  const amount = (written: { readonly value: string } | undefined) =>
    written === undefined ? undefined : bytes(written.value);
  return {
    memory: bwrap.memory?.value === "none" ? "none" : amount(bwrap.memory),
    processes: bwrap.processes?.value ?? PROCESSES,
    tmp: amount(bwrap.tmp),
  };
}

/** How memory is limited: as bytes or a percentage of this machine's. */
export type MemoryLimit = {
  readonly most: string;
  /** Processes and threads. */
  readonly tasks: number;
  /** Whether the start fails where the limit cannot be held. */
  readonly must: boolean;
  /** The root of the cgroups, or systemd's own command with the directory of its socket; neither where there is none. */
  readonly cgroup: string | undefined;
  readonly systemd: { readonly busctl: string; readonly runtime: string } | undefined;
};

/** Three quarters of the machine: the rest is for the desktop that the sandbox shares it with. */
const DEFAULT_MEMORY = "75%";
const CGROUPS = "/sys/fs/cgroup";

/** Where the cgroup of a session is, which has to be removed when its sandbox has ended. */
export const cgroupOf = (session: string) => `${CGROUPS}/silo-${session}`;

/**
 * How the memory of a sandbox is limited here: root makes a cgroup (cgroups(7), version 2), anybody else asks their
 * own systemd. Undefined where neither is there and no limit was asked for.
 */
export function memoryLimit({ memory, processes }: Limits, uid: number): MemoryLimit | undefined {
  if (memory === "none") return undefined;
  const cgroup = uid === 0 && existsSync(`${CGROUPS}/cgroup.controllers`) ? CGROUPS : undefined;
  const systemd = uid === 0 ? undefined : userManager();
  if (memory === undefined && cgroup === undefined && systemd === undefined) return undefined;
  const most = memory === undefined ? DEFAULT_MEMORY : String(memory);
  // Some more than the tool may have, for bwrap itself.
  return { most, tasks: processes + 16, must: memory !== undefined, cgroup, systemd };
}

function userManager(): MemoryLimit["systemd"] {
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? "";
  if (!runtime.startsWith("/") || !existsSync(`${runtime}/bus`)) return undefined;
  const busctl = whereIs("busctl");
  return busctl === undefined ? undefined : { busctl, runtime };
}
