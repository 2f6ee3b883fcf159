import { accessSync, constants } from "node:fs";

/** Where PATH has a command of that name; undefined where it has none. */
export function whereIs(bin: string): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(":").filter((path) => path !== "");
  return directories
    .map((directory) => `${directory}/${bin}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Whether a command of that name is on PATH. */
export function onPath(bin: string): boolean {
  return whereIs(bin) !== undefined;
}
