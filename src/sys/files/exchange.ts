import { capture } from "../process/process.ts";

/** Perl, which is part of every Debian, Ubuntu and macOS; by absolute path, so that PATH does not matter. */
const PERL = "/usr/bin/perl";

/** The helper. It does nothing if silo was killed, because a later process may already work on the same files. */
const PROGRAM = `my ($parent, $number, $cwd, $a, $b) = @ARGV; exit 125 if getppid != $parent;
exit(syscall($number + 0, $cwd + 0, $a, $cwd + 0, $b, 2) == 0 ? 0 : $! + 0)`;

/**
 * System call number and AT_FDCWD by system: renameat2(2) with RENAME_EXCHANGE on Linux, renameatx_np(2) with
 * RENAME_SWAP on macOS. Both flags are 2.
 */
const CALLS: Readonly<Record<string, readonly [number: number, cwd: number]>> = {
  "linux x64": [316, -100],
  "linux arm64": [276, -100],
  "darwin x64": [488, -2],
  "darwin arm64": [488, -2],
};

const ENOENT = 2;
/** Timeout for a hung file system; the call itself takes microseconds. */
const LIMIT_MS = 10_000;

/**
 * Exchanges two names on one file system atomically, so that neither is ever missing.
 * The caller must check the names afterwards, because the helper may be killed before it reports its result.
 * @returns "gone" if a name is missing; "refused" if the system, the file system or a missing helper does not allow it.
 */
export async function exchange(a: string, b: string): Promise<"done" | "gone" | "refused"> {
  const call = CALLS[`${process.platform} ${process.arch}`];
  if (call === undefined) return "refused";
  const args = ["-e", PROGRAM, "--", ...[process.pid, ...call].map(String), a, b];
  try {
    // In its own session, because Ctrl-C on the terminal must not reach it.
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
