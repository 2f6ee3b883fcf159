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
 * The tool's process in a sandbox, by its id out here: bwrap starts its init, and that the tool.
 * Undefined where it has not started yet, or has ended.
 */
export function toolOf(sandbox: number): number | undefined {
  const [init] = children(sandbox);
  return init === undefined ? undefined : children(init)[0];
}

/** By this variable the processes of a session are found, whatever has become of those that started them. */
export const SESSION = "SILO_SESSION";

/**
 * Every process of some sessions. A sandbox that is just being made when its silo is killed has not asked yet to
 * die with it (prctl(2), PR_SET_PDEATHSIG), and has nobody else who knows it.
 */
export function processesOf(sessions: readonly string[]): readonly number[] {
  return processesWith(
    "environ",
    sessions.map((id) => `${SESSION}=${id}\0`),
  );
}

/** What stands before the tool until it is started: bwrap, then the program that compares the mounts. */
const FIRST = ["bwrap", "perl"];
/** SIGINT and SIGQUIT in the mask of ignored signals (proc(5), `SigIgn`). */
const DEAF = 0b110n;

/** Whether the tool itself has been started in that process: what stands before it ignores what a terminal sends. */
export function isStarted(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? "";
    const ignored = BigInt(`0x${/^SigIgn:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
    // eslint-disable-next-line no-bitwise -- a mask is bits
    return !(FIRST.includes(name) && (ignored & DEAF) === DEAF);
  } catch {
    return false;
  }
}
