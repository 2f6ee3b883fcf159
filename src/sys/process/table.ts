import { tryRead } from "../files/peek.ts";
import { capture } from "./process.ts";

/** Start times of running processes, by id; others are left out. From /proc on Linux, otherwise from `ps` (POSIX). */
export async function processStarts(pids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (pids.length === 0) return new Map();
  return process.platform === "linux" ? fromProc(pids) : await fromPs(pids);
}

/** Start time of this process, in the same form. */
export async function processStart(): Promise<string> {
  return (await processStarts([process.pid])).get(process.pid) ?? "";
}

function fromProc(pids: readonly number[]): ReadonlyMap<number, string> {
  const boot = tryRead("/proc/sys/kernel/random/boot_id") ?? "";
  const starts = new Map<number, string>();
  for (const pid of pids) {
    const stat = tryRead(`/proc/${pid}/stat`) ?? "";
    // Split after the name, which may contain spaces and brackets (proc(5)). Field 3 is the state, 22 the start time.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, ticks] = [fields[0], fields[19]];
    if (ticks !== undefined && state !== "Z") starts.set(pid, `${boot.trim()} ${ticks}`);
  }
  return starts;
}

async function fromPs(pids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const { stdout } = await capture({
    bin: "ps",
    args: ["-o", "pid=,lstart=", "-p", pids.join(",")],
    env: { LC_ALL: "C" },
  });
  const rows = stdout.split("\n").map((line) => /^(\d+)\s+(.+)$/.exec(line.trim()));
  return new Map(rows.flatMap((row) => (row === null ? [] : [[Number(row[1]), row[2] ?? ""]])));
}
