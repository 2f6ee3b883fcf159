import { tryRead } from "../files/peek.ts";
import { capture } from "./process.ts";

/** When processes started, by id; those that do not run are left out. Linux' /proc, else `ps` (POSIX). */
export async function processStarts(pids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (pids.length === 0) return new Map();
  return process.platform === "linux" ? fromProc(pids) : await fromPs(pids);
}

/** When this process started, in the same form. */
export async function processStart(): Promise<string> {
  return (await processStarts([process.pid])).get(process.pid) ?? "";
}

function fromProc(pids: readonly number[]): ReadonlyMap<number, string> {
  const boot = tryRead("/proc/sys/kernel/random/boot_id") ?? "";
  const starts = new Map<number, string>();
  for (const pid of pids) {
    const stat = tryRead(`/proc/${pid}/stat`) ?? "";
    // Fields count from behind the name, which may hold spaces and brackets (proc(5)): state is 3, starttime 22.
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
