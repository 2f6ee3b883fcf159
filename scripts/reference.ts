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

/** The parts of a JSON schema that this script reads. */
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

/** The type of a value as the reference prints it. */
function form(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`"${value}"\``).join(" ");
  if (schema.type === "array")
    return `list of ${form(schema.items ?? {}).replace(/^string$/, "strings")}`;
  return (
    { string: "string", boolean: "`true` `false`", number: "number", integer: "whole number" }[
      schema.type ?? ""
    ] ?? ""
  );
}

/** The default of a setting, as `silo config default` prints it; empty if it has none. */
function byDefault(key: string): string {
  let found: unknown = mergeConfig([], {});
  for (const part of key.split(".")) found = (found as Record<string, unknown> | undefined)?.[part];
  if (found === undefined) return "";
  const value = Array.isArray(found)
    ? (found as readonly Sourced<string>[]).map((each) => each.value)
    : (found as Sourced<unknown>).value;
  return Array.isArray(value) && value.length === 0 ? "" : `\`${JSON.stringify(value)}\``;
}

/** Whether the schema is a layer: the lists that the top level, each tool and each repository have. */
const isLayer = ({ properties = {} }: Schema) => LAYER_KEYS.every((key) => key in properties);

/** One row per key. Every tool has the same keys, and so has every repository: each gets one row. */
function rows(properties: Schema["properties"] = {}, above = ""): readonly string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${above}${name}`;
    if (key === "tools")
      return inner("tools.<tool>", schema, Object.values(schema.properties ?? {})[0]);
    if (key === "repos") return inner("repos.<pattern>", schema, schema.additionalProperties);
    if (schema.properties !== undefined) return rows(schema.properties, `${key}.`);
    return [row(`\`${key}\``, form(schema), byDefault(key), schema.description ?? "")];
  });
}

function inner(key: string, { description }: Schema, one: Schema | boolean | undefined) {
  if (typeof one !== "object" || !isLayer(one)) throw new Error(`${key} is not a layer`);
  const keys = Object.keys(one.properties ?? {}).map((name) => `\`${name}\``);
  return [row(`\`${key}\``, `object: ${keys.join(", ")}`, "", description ?? "")];
}

/** The table of every setting. */
export function referenceText(): string {
  const { properties } = toJsonSchema(fileSchema, { errorMode: "ignore" }) as Schema;
  return table(["Key", "Value", "Default", "Meaning"], rows(properties));
}

/** A machine on which nothing is set, for the variables that a tool names. */
const NOTHING_SET = {
  home: "~",
  uid: 1000,
  xdg: { config: "~/.config", data: "~/.local/share", state: "~/.local/state" },
  env: {},
  exists: () => false,
};

const codes = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(" ");

/** The table of tools: command, title, state directories and variables passed when set. */
function tools(): string {
  return table(
    ["Command", "Runs", "Keeps its state in", "Gets, if set"],
    TOOLS.map(({ name, title, mounts, env }) =>
      row(
        `\`silo ${name}\``,
        title,
        codes(mounts.rw),
        codes(env(NOTHING_SET).filter((entry) => !entry.includes("="))),
      ),
    ),
  );
}

/** The table of project files that need approval, by tool. */
function projectFiles(): string {
  return table(
    ["Tool", "Files and directories", "And those of"],
    TOOLS.map(({ name, projectFiles: files, bundles }) =>
      row(`\`${name}\``, codes(files), codes(bundles)),
    ),
  );
}

/** The commands that install a release. */
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

/** Generated parts: the document, the name in its markers, and the function that makes the text. */
const PLACES = [
  ["README.md", "install", install],
  ["docs/tools.md", "tools", tools],
  ["docs/tools.md", "project-files", projectFiles],
  ["docs/configuration.md", "reference", referenceText],
  ["SECURITY.md", "attacks", () => threatTable(THREATS)],
] as const;

/** Replaces the text between the markers of that name. @throws Error if the document lacks them. */
export function filled(document: string, name: string, text: string): string {
  const [open, close] = [
    `<!-- made by scripts/reference.ts: ${name} -->`,
    `<!-- end of ${name} -->`,
  ];
  const [before, rest] = document.split(open);
  const after = rest?.split(close)[1];
  if (before === undefined || after === undefined) throw new Error(`markers of ${name} not found`);
  return `${before}${open}\n\n${text}\n\n${close}${after}`;
}

if (import.meta.main) {
  for (const [path, name, made] of PLACES) {
    const old = readFileSync(join(ROOT, path), "utf8");
    const text = filled(old, name, made());
    if (text === old) continue;
    if (process.argv.includes("--check"))
      throw new Error(`${path} is out of date; run: bun scripts/reference.ts`);
    writeFileSync(join(ROOT, path), text);
  }
}
