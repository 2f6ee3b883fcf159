import { whereIs } from "../../sys/host/which.ts";
import { offTerminal } from "../../sys/process/pipes.ts";
import { onOwnTerminal } from "../../sys/process/pty.ts";
import { supervised } from "../../sys/process/supervised.ts";
import enter from "./enter.pl" with { type: "text" };
import { made, prefixRoot } from "./features.ts";
import { FILTER, filterHex } from "./filter.ts";
import { missingPerl } from "./host.ts";
import { compact } from "./launch.ts";
import type { Limits } from "./limits.ts";
import type { Running } from "./state.ts";

/**
 * Runs a command in a sandbox, with its user, working directory and environment, and without capabilities. A Perl
 * program enters the namespaces, because nsenter(1) before util-linux 2.39 cannot enter nested user namespaces, and would
 * start host programs with an environment from the sandbox. Perl itself gets an environment made by silo.
 * @throws SiloError if perl is not installed. Other errors are printed by the program, which exits with 1.
 */
export async function execIn(
  { name, pid, started, directory, image }: Running,
  argv: readonly string[],
  tty: boolean,
  { cache, limits: { processes } }: { readonly cache: string; readonly limits: Limits },
): Promise<number> {
  const perl = whereIs("perl");
  if (perl === undefined) throw missingPerl();
  const settings = {
    arch: process.arch,
    name,
    pid,
    // The start time in the record is preceded by the boot id, which the program does not compare.
    start: started.split(" ").at(-1) ?? "",
    dir: directory,
    processes,
    ...(tty ? { tty: 1, term: process.env["TERM"] ?? "xterm" } : {}),
  };
  const cmd = {
    bin: perl,
    args: [
      "-f",
      "-e",
      compact(enter),
      "--",
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
      "--",
      ...argv,
    ],
    env: { SILO_FILTER: await filterOf(cache, image) },
    cleanEnv: true,
    // Without its own PTY the command gets no terminal, not even silo's.
    newSession: !tty,
  };
  return await supervised(tty ? onOwnTerminal(cmd) : await offTerminal(cmd), true);
}

/** The system call filter of a sandbox, read from its prefix if it is up to date. */
async function filterOf(cache: string, image: string): Promise<string> {
  const known = made(prefixRoot(cache, image));
  return known?.filterOf === FILTER ? known.filter : await filterHex(process.getuid?.() ?? 0);
}
