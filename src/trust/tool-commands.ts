import { parse } from "jsonc-parser/lib/esm/impl/parser.js";
import { jsonWord } from "../core/text/quote.ts";

/** Keys of settings whose values are programs, addresses or packages. */
const RUNS =
  /^(?:command|commands|args|bash|powershell|exec|run|script|url|httpUrl|base_?url|notify|plugins?|npm|package|.*(?:Helper|Refresh|Export)|enabledPlugins|extraKnownMarketplaces)$/i;
/** Keys of settings whose keys are variables; a value may be a secret. */
const VARIABLES = /^(?:env|environment|headers|http_headers)$/i;

const MOST_LINES = 12;
const LONGEST = 300;
const MAX_DEPTH = 16;
const MAX_BRACKETS = 100;

/**
 * The settings of a file that name programs, addresses or variables, each on one line. The list helps to review a file,
 * but is not complete: tools execute more than these keys.
 */
export function commandsIn(path: string, text: string): readonly string[] {
  const found = /\.jsonc?$/.test(path) ? ofJson(text) : path.endsWith(".toml") ? ofToml(text) : [];
  const lines = [...new Set(found)];
  const hidden = lines.length - MOST_LINES;
  return hidden > 0 ? [...lines.slice(0, MOST_LINES), `and ${hidden} more settings`] : lines;
}

/** Whether a text is nested so deeply that the parser's stack could overflow. Counts brackets in strings too. */
function isTooDeep(text: string): boolean {
  let open = 0;
  for (const char of text) {
    if (char === "{" || char === "[") open += 1;
    else if (char === "}" || char === "]") open -= 1;
    if (open > MAX_BRACKETS) return true;
  }
  return false;
}

function ofJson(text: string): readonly string[] {
  if (isTooDeep(text)) return ["nested too deeply to show what it runs"];
  const walk = (node: unknown, keys: readonly string[], runs: boolean): readonly string[] => {
    if (keys.length > MAX_DEPTH) return [];
    const name = keys.map((key) => (/^[\w-]+$/.test(key) ? key : jsonWord(key))).join(".");
    if (VARIABLES.test(keys.at(-1) ?? "") && typeof node === "object" && node !== null)
      return Object.keys(node).map((key) => `${name}.${jsonWord(key).slice(1, -1)}=…`);
    if (Array.isArray(node)) {
      if (runs && node.every((item) => typeof item === "string")) return [shown(name, node)];
      return node.flatMap((item) => walk(item, keys, runs));
    }
    if (typeof node !== "object" || node === null) return runs ? [shown(name, node)] : [];
    return Object.entries(node).flatMap(([key, value]) =>
      walk(value, [...keys, key], runs || RUNS.test(key)),
    );
  };
  return walk(parse(text, [], { allowTrailingComma: true }), [], false);
}

/** Settings such as `command = "…"`; variables without values. No regex, because a crafted line could be slow (ReDoS). */
function ofToml(text: string): readonly string[] {
  let table = "";
  return text.split("\n").flatMap((raw) => {
    const line = raw.trim();
    if (line.startsWith("[")) table = heading(line);
    const equals = line.indexOf("=");
    if (equals < 1 || line.startsWith("[") || line.startsWith("#")) return [];
    const key = line.slice(0, equals).trim();
    const name = jsonWord(table === "" ? key : `${table}.${key}`).slice(1, -1);
    const last = key.slice(key.lastIndexOf(".") + 1);
    const inner = table.slice(table.lastIndexOf(".") + 1);
    if (VARIABLES.test(inner) || key.split(".").some((part) => VARIABLES.test(part)))
      return [`${name}=…`];
    return RUNS.test(last) ? [shown(name, line.slice(equals + 1).trim())] : [];
  });
}

/** The name in `[name]` or `[[name]]`. */
function heading(line: string): string {
  let start = 0;
  while (line[start] === "[") start += 1;
  const end = line.indexOf("]", start);
  return line.slice(start, end < 0 ? undefined : end).trim();
}

function shown(name: string, value: unknown): string {
  const text = jsonWord(value);
  const cut =
    text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
  return `${name}: ${cut}`;
}
