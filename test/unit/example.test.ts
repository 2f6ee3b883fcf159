import { expect, test } from "bun:test";
import { exampleText } from "../../src/config/example.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { fileSchema } from "../../src/config/schema.ts";

const SCHEMA = 'file:///home/"me"/schema.json';

test.each(["global", "local"] as const)("the %s example sets nothing but the schema", (scope) => {
  expect(parseConfig(exampleText(SCHEMA, scope))).toEqual({ config: { $schema: SCHEMA } });
});

test("with all settings uncommented it is valid and has every key", () => {
  const taken = exampleText(SCHEMA, "global").replaceAll(/^ {2}\/\/ (?=")/gm, "  ");
  const parsed = parseConfig(taken);
  expect("config" in parsed ? Object.keys(parsed.config).toSorted() : parsed).toEqual(
    Object.keys(fileSchema.entries).toSorted(),
  );
});

test("the local one has no settings of the global file", () => {
  expect(exampleText(SCHEMA, "local")).not.toContain("trusted_paths");
});
