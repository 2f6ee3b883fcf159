import { readdirSync, readFileSync } from "node:fs";
import { orUndefined } from "../files/peek.ts";

/**
 * Processes of this machine that carry one of some texts (proc(5)).
 * @param where the arguments, each followed by a zero byte, or the environment as the process was started with.
 * @returns their ids; none where there is no /proc.
 */
export function processesWith(
  where: "cmdline" | "environ",
  texts: readonly string[],
): readonly number[] {
  const ids = (orUndefined(() => readdirSync("/proc")) ?? []).filter((name) => /^\d+$/.test(name));
  return ids
    .filter((id) => {
      const found = orUndefined(() => `${readFileSync(`/proc/${id}/${where}`, "utf8")}\0`) ?? "";
      return texts.some((text) => found.includes(text));
    })
    .map(Number);
}

/** Kills processes; skips those that have exited or belong to another user. */
export function killAll(ids: readonly number[]): void {
  for (const id of ids) orUndefined(() => process.kill(id, "SIGKILL"));
}
