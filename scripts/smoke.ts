import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HERE, ROOT, targetName, type Target } from "./compile.ts";
import { VERSION } from "./source.ts";

/** Root file systems for binaries of other systems; `test/release/roots.sh` creates them. */
const ROOTS = join(ROOT, "dist/roots");

/** Mounts /proc, which Bun needs to find its own executable. */
const IN_ROOT = 'mount -t proc proc "$1/proc" && exec chroot "$@"';

/**
 * Starts a binary if this machine can: its own, and those of other Linux systems in a root file system.
 * @returns the result as text.
 * @throws Error if the binary starts but does not print its version.
 */
export function smoke(target: Target, binary: string): string {
  const root = join(ROOTS, targetName(target));
  if (targetName(target) === HERE) return ran("runs here", [binary]);
  if (!existsSync(root) || process.getuid?.() !== 0)
    return "not started: no root file system for it";
  const place = join(root, "silo");
  copyFileSync(binary, place);
  try {
    const emulator = existsSync(join(root, "qemu")) ? ["/qemu"] : [];
    const command = ["unshare", "--mount", "sh", "-c", IN_ROOT, "sh", root, ...emulator, "/silo"];
    return ran(emulator.length > 0 ? "runs emulated" : "runs in its own root file system", command);
  } finally {
    rmSync(place, { force: true });
  }
}

function ran(told: string, command: readonly string[]): string {
  for (const [args, expected] of PROBES) {
    const { exitCode, stdout, stderr } = Bun.spawnSync([...command, ...args]);
    if (exitCode !== 0 || !stdout.toString().includes(expected))
      throw new Error(`${command.join(" ")} ${args.join(" ")}: ${exitCode} ${stderr.toString()}`);
  }
  return told;
}

/** The fast path, and one that loads a part on demand. */
const PROBES = [
  [["--version"], `silo ${VERSION}\n`],
  [["--help"], "Usage: silo"],
  [["licenses"], "Apache License"],
] as const;
