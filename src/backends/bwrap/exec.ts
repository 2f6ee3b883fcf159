import { SiloError } from "../../errors.ts";
import { whereIs } from "../../sys/on-path.ts";
import { onOwnTerminal } from "../../sys/own-terminal.ts";
import { interactive } from "../../sys/process.ts";
import { supervise } from "../../sys/signals.ts";
import { environmentOf, toolOf } from "./inside.ts";
import type { Running } from "./state.ts";

/** Enters a sandbox's namespaces with a command, as its user, in its directory and without any capability. */
export async function execIn(
  { name, pid, workdir }: Running,
  argv: readonly string[],
  tty: boolean,
): Promise<number> {
  const tool = toolOf(pid);
  if (tool === undefined) throw new SiloError(`${name} does not run`, { hint: "silo ls" });
  // By its path: the environment is the sandbox's.
  const nsenter = whereIs("nsenter");
  if (nsenter === undefined) {
    throw new SiloError('the command "nsenter" is not installed', {
      hint: "sudo apt-get install util-linux",
    });
  }
  const cmd = {
    bin: nsenter,
    args: [
      `--target=${tool}`,
      "--user",
      "--mount",
      "--pid",
      "--ipc",
      "--uts",
      "--preserve-credentials",
      `--wdns=${workdir}`,
      "--",
      // Who enters a user namespace has all capabilities in it.
      "setpriv",
      "--inh-caps=-all",
      "--bounding-set=-all",
      "--no-new-privs",
      "--",
      ...argv,
    ],
    env: { ...environmentOf(tool), ...(tty ? { TERM: process.env["TERM"] ?? "xterm" } : {}) },
    bare: true,
  };
  const child = tty ? onOwnTerminal(cmd) : await interactive(cmd);
  const release = supervise({ forward: child.kill, destroy: () => child.kill("SIGKILL") });
  return await child.exit.finally(release);
}
