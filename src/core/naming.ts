import { basename } from "node:path";

const MAX_PROJECT = 50;

/** The project's name from its directory: lower case, `[a-z0-9-]`, at most 50 characters, `silo` when nothing is left. */
export function projectName(directory: string): string {
  const name = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_PROJECT)
    .replaceAll(/^-+|-+$/g, "");
  return name === "" ? "silo" : name;
}

/** `<project>-<N>` with N one above the highest in use. */
export function nextName(project: string, names: readonly string[]): string {
  const prefix = `${project}-`;
  const numbers = names
    .filter((name) => name.startsWith(prefix) && /^\d{1,9}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
  return `${prefix}${Math.max(0, ...numbers) + 1}`;
}
