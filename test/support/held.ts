import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FILES = join(import.meta.dir, "../golden/files");

/** Compares a text with its golden file. `UPDATE_GOLDEN=1 npm run test:unit` rewrites the files; review the diff. */
export function held(name: string, text: string): void {
  const path = join(FILES, name);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, "utf8"));
}
