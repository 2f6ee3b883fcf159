import { toJsonSchema } from "@valibot/to-json-schema";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mergeConfig } from "../src/config/merge.ts";
import { fileSchema } from "../src/config/schema.ts";
import { LAYER_KEYS, type Sourced } from "../src/core/config.ts";
import { TOOLS } from "../src/tools/index.ts";
import { threatTable } from "../test/escape/table.ts";
import { THREATS } from "../test/escape/threats.ts";
import { ROOT } from "./compile.ts";
import { HOMEPAGE, RELEASES, REPOSITORY } from "./source.ts";

/** What this script reads of a JSON schema. */
type Schema = {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
};

const row = (...cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;

const table = (head: readonly string[], rows: readonly string[]) =>
  [row(...head), `|${head.map(() => "---|").join("")}`, ...rows].join("\n");

/** The form of a value, in few words. */
function form(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`"${word}"\``).join(" ");
  if (schema.type === "array")
    return `list of ${form(schema.items ?? {}).replace(/^text$/, "texts")}`;
  return { string: "text", boolean: "`true` `false`", number: "number" }[schema.type ?? ""] ?? "";
}

/** What holds where no file says anything; as `silo config default` prints it. */
function byDefault(key: string): string {
  let found: unknown = mergeConfig([], {});
  for (const word of key.split(".")) found = (found as Record<string, unknown> | undefined)?.[word];
  if (found === undefined) return "";
  const value = Array.isArray(found)
    ? (found as readonly Sourced<string>[]).map((each) => each.value)
    : (found as Sourced<unknown>).value;
  return Array.isArray(value) && value.length === 0 ? "" : `\`${JSON.stringify(value)}\``;
}

/** Whether an object is one of those that hold the lists of every layer. */
const isLayer = ({ properties = {} }: Schema) => LAYER_KEYS.every((key) => key in properties);

/** A row for every key; what stands under each tool and each repository is the same and told once. */
function rows(properties: Schema["properties"] = {}, above = ""): readonly string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${above}${name}`;
    if (key === "tools")
      return inner("tools.<tool>", schema, Object.values(schema.properties ?? {})[0]);
    if (key === "repos")
      return inner("repos.<part of an address>", schema, schema.additionalProperties);
    if (schema.properties !== undefined) return rows(schema.properties, `${key}.`);
    return [row(`\`${key}\``, form(schema), byDefault(key), schema.description ?? "")];
  });
}

function inner(key: string, { description }: Schema, one: Schema | boolean | undefined) {
  if (typeof one !== "object" || !isLayer(one)) throw new Error(`${key} is no layer any more`);
  const words = Object.keys(one.properties ?? {}).map((word) => `\`${word}\``);
  return [row(`\`${key}\``, `an object of ${words.join(", ")}`, "", description ?? "")];
}

/** The table of every setting. */
export function referenceText(): string {
  const { properties } = toJsonSchema(fileSchema, { errorMode: "ignore" }) as Schema;
  return table(["Key", "Value", "Default", "Meaning"], rows(properties));
}

function tools(): string {
  return table(
    ["`silo …`", "runs", "keeps its state in"],
    TOOLS.map(({ name, title, mounts }) =>
      row(`\`${name}\``, title, mounts.rw.map((path) => `\`${path}\``).join(" ")),
    ),
  );
}

/** Where a release is fetched from. */
function install(): string {
  const lines = [
    "# Homebrew, on macOS and Linux",
    `brew tap ${REPOSITORY} ${HOMEPAGE}`,
    `brew install ${REPOSITORY}/silo`,
    "",
    "# or without it, into ~/.local/bin",
    `curl -fsSL ${RELEASES}/latest/download/install.sh | sh`,
  ];
  return ["```sh", ...lines, "```"].join("\n");
}

/** What is made, by the document and the name of its place there. */
const PLACES = [
  ["README.md", "tools", tools],
  ["README.md", "install", install],
  ["docs/configuration.md", "reference", referenceText],
  ["SECURITY.md", "attacks", () => threatTable(THREATS)],
] as const;

/** A document with what stands between two comments made anew. */
export function filled(document: string, name: string, text: string): string {
  const [open, close] = [
    `<!-- made by scripts/reference.ts: ${name} -->`,
    `<!-- end of ${name} -->`,
  ];
  const [before, rest] = document.split(open);
  const after = rest?.split(close)[1];
  if (before === undefined || after === undefined) throw new Error(`no place for ${name}`);
  return `${before}${open}\n\n${text}\n\n${close}${after}`;
}

if (import.meta.main) {
  for (const [path, name, made] of PLACES) {
    const old = readFileSync(join(ROOT, path), "utf8");
    const text = filled(old, name, made());
    if (text === old) continue;
    if (process.argv.includes("--check"))
      throw new Error(`${path} is not what the code says; run: bun scripts/reference.ts`);
    writeFileSync(join(ROOT, path), text);
  }
}
