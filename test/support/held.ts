import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FILES = join(import.meta.dir, "../golden/files");

/** Holds a text against its file. `UPDATE_GOLDEN=1 npm run test:unit` writes the files anew; read the difference. */
export function held(name: string, text: string): void {
  const path = join(FILES, name);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, "utf8"));
}
