import { readFileSync } from "node:fs";

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

/** What stands before the tool until it is started, and still ignores what the sandbox ignores. */
const BEFORE = ["bwrap", "env", "prlimit"];

/** Whether the tool itself has been started in that process. */
export function isStarted(pid: number): boolean {
  try {
    return !BEFORE.includes(readFileSync(`/proc/${pid}/comm`, "utf8").trim());
  } catch {
    return false;
  }
}

/** The environment that a process was started with. */
export function environmentOf(pid: number): Readonly<Record<string, string>> {
  const entries = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const at = entry.indexOf("=");
      return at <= 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
    }),
  );
}
