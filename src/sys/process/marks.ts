import { readdirSync, readFileSync } from "node:fs";
import { orUndefined } from "../files/peek.ts";

/**
 * Processes of this machine whose arguments or environment contain one of the texts (proc(5)).
 * @param where the arguments, each followed by a NUL, or the environment at the start of the process.
 * @returns their ids; empty without /proc.
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
