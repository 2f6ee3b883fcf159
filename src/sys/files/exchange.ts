import { capture } from "../process/process.ts";

/** Part of every Debian, Ubuntu and macOS; by its full path, so that no PATH decides what runs. */
const PERL = "/usr/bin/perl";

/** It does nothing once silo is killed, since a later process may be at work on the same files by then. */
const PROGRAM = `my ($parent, $number, $cwd, $a, $b) = @ARGV; exit 125 if getppid != $parent;
exit(syscall($number + 0, $cwd + 0, $a, $cwd + 0, $b, 2) == 0 ? 0 : $! + 0)`;

/**
 * Numbers of renameat2(2) with RENAME_EXCHANGE (Linux, by processor) and renameatx_np(2) with RENAME_SWAP (macOS),
 * and AT_FDCWD there. Both flags are 2.
 */
const CALLS: Readonly<Record<string, readonly [number: number, cwd: number]>> = {
  "linux x64": [316, -100],
  "linux arm64": [276, -100],
  "darwin x64": [488, -2],
  "darwin arm64": [488, -2],
};

const ENOENT = 2;
/** A limit for a hung file system; the call itself takes microseconds. */
const LIMIT_MS = 10_000;

/**
 * Exchanges two names of one file system in one step: there is no instant in which either is missing.
 * The exit code can be lost with the helper, so the caller has to look at what the names hold afterwards.
 * @returns "refused" where the system, the file system or the missing helper does not allow it.
 */
export async function exchange(a: string, b: string): Promise<"done" | "gone" | "refused"> {
  const call = CALLS[`${process.platform} ${process.arch}`];
  if (call === undefined) return "refused";
  const args = ["-e", PROGRAM, "--", ...[process.pid, ...call].map(String), a, b];
  try {
    // Apart, since Ctrl-C on the terminal must not reach it.
    const { code } = await capture(
      { bin: PERL, args, env: {}, cleanEnv: true, newSession: true },
      LIMIT_MS,
    );
    if (code === ENOENT) return "gone";
    return code === 0 ? "done" : "refused";
  } catch {
    return "refused";
  }
}
