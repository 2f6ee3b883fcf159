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
 * Runs a command in a sandbox, as its user, in its directory, with its environment and without any capability.
 * A Perl program enters: nsenter(1) before util-linux 2.39 cannot enter a user namespace in another one, and starts
 * programs of the host with an environment that comes from the sandbox. Perl gets an environment that silo made.
 * @throws SiloError where perl is missing. Everything else is told by the program itself, which then ends with 1.
 */
export async function execIn(
  { name, pid, started, workdir, image }: Running,
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
    // The time of the start alone; the record also names the boot.
    start: started.split(" ").at(-1) ?? "",
    dir: workdir,
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
    // Without a terminal of its own it has none at all: not even the one that silo was started on.
    newSession: !tty,
  };
  return await supervised(tty ? onOwnTerminal(cmd) : await offTerminal(cmd), true);
}

/** The filter that the sandbox itself has, as its prefix has it. */
async function filterOf(cache: string, image: string): Promise<string> {
  const known = made(prefixRoot(cache, image));
  return known?.filterOf === FILTER ? known.filter : await filterHex(process.getuid?.() ?? 0);
}
