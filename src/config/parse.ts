import type { Node, ParseError } from "jsonc-parser";
import { findNodeAtLocation, parseTree } from "jsonc-parser/lib/esm/impl/parser.js";
import * as v from "valibot";
import { suggestion } from "../core/text/suggestion.ts";
import { fileSchema, type FileConfig } from "./schema.ts";

/** A problem in a file; line and column start at 1. */
export type Problem = { readonly line: number; readonly column: number; readonly message: string };

export type Parsed = { readonly config: FileConfig } | { readonly problems: readonly Problem[] };

/** Nesting limit, far above real configurations, because deeper nesting would overflow the parsers' stack. */
const MAX_DEPTH = 40;

/** Messages by jsonc-parser's `ParseErrorCode`. */
const SYNTAX_ERRORS: Readonly<Record<number, string>> = {
  1: "invalid symbol",
  2: "invalid number format",
  3: "property name expected",
  4: "value expected",
  5: "colon expected",
  6: "comma expected",
  7: "close brace expected",
  8: "close bracket expected",
  9: "end of file expected",
  10: "invalid comment token",
  11: "unexpected end of comment",
  12: "unexpected end of string",
  13: "unexpected end of number",
  14: "invalid unicode",
  15: "invalid escape character",
  16: "invalid character",
};

/** Parses one file: JSON with comments and trailing commas; an empty one is `{}`. */
export function parseConfig(source: string): Parsed {
  const text = source.replace(/^\uFEFF/, "");
  const at = locator(text);
  if (depth(text) > MAX_DEPTH)
    return { problems: [{ ...at(0), message: `nested deeper than ${MAX_DEPTH} levels` }] };
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  if (errors.length > 0) {
    return {
      problems: errors.map(({ error, offset }) => ({
        ...at(offset),
        message: SYNTAX_ERRORS[error] ?? "invalid JSON",
      })),
    };
  }
  if (tree === undefined) return { config: {} };
  const found: { offset: number; message: string }[] = [];
  const value = toValue(tree, found);
  checkShape(tree, fileSchema, found);
  const result = v.safeParse(fileSchema, value);
  if (!result.success)
    found.push(...result.issues.filter(isOfValue).map((issue) => located(issue, tree)));
  if (found.length > 0) {
    return { problems: found.map(({ offset, message }) => ({ ...at(offset), message })) };
  }
  return { config: result.output as FileConfig };
}

/** The maximum nesting of brackets. Counts those in strings and comments too, which is harmless. */
function depth(text: string): number {
  let open = 0;
  let most = 0;
  for (const char of text) {
    if (char === "{" || char === "[") most = Math.max(most, (open += 1));
    else if (char === "}" || char === "]") open -= 1;
  }
  return most;
}

/** The value of a tree. Reports duplicate keys, and `__proto__`, which could change a prototype. */
function toValue(node: Node, problems: { offset: number; message: string }[]): unknown {
  if (node.type === "array") return (node.children ?? []).map((child) => toValue(child, problems));
  if (node.type !== "object") return node.value;
  const entries = new Map<string, unknown>();
  for (const property of node.children ?? []) {
    const [key, child] = property.children ?? [];
    if (key === undefined || child === undefined) continue;
    const name = String(key.value);
    if (entries.has(name))
      problems.push({ offset: key.offset, message: `duplicate key "${name}"` });
    if (name === "__proto__")
      problems.push({ offset: key.offset, message: `unknown key "${name}"` });
    else entries.set(name, toValue(child, problems));
  }
  return Object.fromEntries(entries);
}

/**
 * Reports unknown keys, and lists in place of objects, because valibot reports only the first unknown key of an
 * object, and accepts a list as an empty object.
 */
function checkShape(
  node: Node,
  schema: unknown,
  problems: { offset: number; message: string }[],
): void {
  const { entries, value } = unwrapped(schema);
  if (entries === undefined && value === undefined) return;
  if (node.type === "array")
    problems.push({ offset: node.offset, message: "expected an object, got a list" });
  if (node.type !== "object") return;
  for (const { children: [key, child] = [] } of node.children ?? []) {
    if (key === undefined || child === undefined) continue;
    const name = String(key.value);
    const inner =
      value ?? (entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined);
    if (inner !== undefined) checkShape(child, inner, problems);
    else {
      const known = Object.keys(entries ?? {});
      problems.push({
        offset: key.offset,
        message: `unknown key "${name}"${suggestion(name, known)}`,
      });
    }
  }
}

/** Whether an issue is about a value. Unknown keys are reported by `checkShape`. */
function isOfValue(issue: v.BaseIssue<unknown>): boolean {
  return !(issue.type === "strict_object" && issue.expected === "never");
}

function located(issue: v.BaseIssue<unknown>, tree: Node): { offset: number; message: string } {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number);
  const offset = findNodeAtLocation(tree, keys)?.offset ?? tree.offset;
  const where = keys.length === 0 ? "" : `${keys.join(".")}: `;
  const reason =
    issue.type === "regex" ? `${issue.message}, got ${issue.received}` : expectation(issue);
  return { offset, message: `${where}${reason}` };
}

function expectation({ expected, received, message }: v.BaseIssue<unknown>): string {
  return expected === null
    ? message
    : `expected ${expected.replaceAll(/[()]/g, "")}, got ${received}`;
}

type Shape = {
  wrapped?: unknown;
  pipe?: readonly unknown[];
  entries?: Record<string, unknown>;
  value?: unknown;
};

/** The schema inside `optional` and `pipe`. */
function unwrapped(schema: unknown): Shape {
  let shape = schema as Shape;
  for (;;) {
    if (shape.wrapped !== undefined) shape = shape.wrapped as Shape;
    else if (shape.pipe !== undefined && shape.pipe[0] !== shape) shape = shape.pipe[0] as Shape;
    else return shape;
  }
}

function locator(text: string): (offset: number) => { line: number; column: number } {
  return (offset) => {
    const before = text.slice(0, offset).split(/\r\n|\n|\r/);
    return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
  };
}
