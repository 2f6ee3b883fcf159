import { toJsonSchema } from "@valibot/to-json-schema";
import { readFileSync, writeFileSync } from "node:fs";
import { fileSchema } from "../src/config/schema.ts";

const PATH = `${import.meta.dirname}/../silo.schema.json`;

/** The published JSON schema of silo.jsonc, generated from src/config/schema.ts. */
export function schemaText(): string {
  const schema = toJsonSchema(fileSchema, { errorMode: "ignore" });
  return `${JSON.stringify({ title: "silo.jsonc", ...schema }, undefined, 2)}\n`;
}

if (import.meta.main) {
  if (!process.argv.includes("--check")) writeFileSync(PATH, schemaText());
  else if (readFileSync(PATH, "utf8") !== schemaText()) {
    process.stderr.write("silo.schema.json is out of date; run: bun scripts/schema.ts\n");
    process.exit(1);
  }
}
