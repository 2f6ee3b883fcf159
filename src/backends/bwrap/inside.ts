import { readFileSync } from "node:fs";
import { processesWith } from "../../sys/process/marks.ts";

/** Children of a process (proc(5), `task/<tid>/children`). */
function children(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text
      .split(" ")
      .filter((word) => word !== "")
      .map(Number);
  } catch {
    return [];
  }
}

/**
 * The tool's process id on the host. bwrap starts an init process, which starts the tool.
 * @returns undefined if the tool has not started yet, or has exited.
 */
export function toolOf(sandbox: number): number | undefined {
  const [init] = children(sandbox);
  return init === undefined ? undefined : children(init)[0];
}

/** Environment variable that marks the processes of a session, also after their parents have exited. */
export const SESSION = "SILO_SESSION";

/**
 * Finds all processes of sessions by that variable. A sandbox that is being created while its silo process is killed has
 * no record, and has not set PR_SET_PDEATHSIG yet (prctl(2)).
 */
export function processesOf(sessions: readonly string[]): readonly number[] {
  return processesWith(
    "environ",
    sessions.map((id) => `${SESSION}=${id}\0`),
  );
}

/** Names of the programs that run in the tool's process before the tool: bwrap, then the program that checks the mounts. */
const FIRST = ["bwrap", "perl"];
/** SIGINT and SIGQUIT in the mask of ignored signals (proc(5), `SigIgn`). */
const SIGINT_AND_SIGQUIT = 0b110n;

/** Whether the tool itself runs in that process already; the programs before it ignore SIGINT and SIGQUIT. */
export function isStarted(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? "";
    const ignored = BigInt(`0x${/^SigIgn:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
    // eslint-disable-next-line no-bitwise -- a mask is bits
    return !(FIRST.includes(name) && (ignored & SIGINT_AND_SIGQUIT) === SIGINT_AND_SIGQUIT);
  } catch {
    return false;
  }
}
