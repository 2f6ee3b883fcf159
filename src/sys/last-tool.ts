import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { attempt } from "./git-files.ts";

/** One small file for each directory, so that silos of different projects never meet. */
function file(state: string, directory: string): string {
  const id = createHash("sha256").update(directory).digest("hex").slice(0, 24);
  return `${state}/silo/last-tools/${id}`;
}

/** The tool that ran last in a directory, if one is known. */
export function lastTool(state: string, directory: string): string | undefined {
  return attempt(() => readFileSync(file(state, directory), "utf8").trim());
}

/** Remembers it. A failure is no matter: it only orders a list. */
export function rememberTool(state: string, directory: string, tool: string): void {
  if (lastTool(state, directory) === tool) return;
  attempt(() => {
    mkdirSync(`${state}/silo/last-tools`, { recursive: true, mode: 0o700 });
    writeFileSync(file(state, directory), `${tool}\n`, { mode: 0o600 });
  });
}
