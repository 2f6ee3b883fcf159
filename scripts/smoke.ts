import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HERE, ROOT, targetName, type Target } from "./compile.ts";
import { VERSION } from "./source.ts";

/** Root file systems with what a foreign system's programs need; `test/release/roots.sh` makes them. */
const ROOTS = join(ROOT, "dist/roots");

/** Bun reads /proc, and its own executable through it. */
const IN_ROOT = 'mount -t proc proc "$1/proc" && exec chroot "$@"';

/**
 * Starts a binary where this machine can: its own, and those of other Linux systems in a root made for them.
 * @returns what came of it. @throws where it starts and does not say its version.
 */
export function smoke(target: Target, binary: string): string {
  const root = join(ROOTS, targetName(target));
  if (targetName(target) === HERE) return ran("runs here", [binary]);
  if (!existsSync(root) || process.getuid?.() !== 0) return "not started: no such system here";
  const place = join(root, "silo");
  copyFileSync(binary, place);
  try {
    const emulator = existsSync(join(root, "qemu")) ? ["/qemu"] : [];
    const command = ["unshare", "--mount", "sh", "-c", IN_ROOT, "sh", root, ...emulator, "/silo"];
    return ran(emulator.length > 0 ? "runs emulated" : "runs in a root of its own", command);
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
