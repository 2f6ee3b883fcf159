import { accessSync, constants, existsSync } from "node:fs";

function isExecutable(path: string): boolean {
  // Most directories do not have it, and an exception costs more than all the rest.
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where PATH has a command of that name; undefined where it has none. */
export function whereIs(bin: string): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(":").filter((path) => path !== "");
  return directories.map((directory) => `${directory}/${bin}`).find(isExecutable);
}

/** Whether a command of that name is on PATH. */
export function onPath(bin: string): boolean {
  return whereIs(bin) !== undefined;
}
