import { accessSync, constants } from "node:fs";

/** Whether a command of that name is on PATH. */
export function onPath(bin: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((directory) => {
    try {
      accessSync(`${directory}/${bin}`, constants.X_OK);
      return directory !== "";
    } catch {
      return false;
    }
  });
}
