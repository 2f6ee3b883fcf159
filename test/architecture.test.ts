import { expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const ROOT = join(import.meta.dir, "..");
const FILES = [...new Glob("src/**/*.ts").scanSync(ROOT)].filter((path) => !path.endsWith(".d.ts"));
const source = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** Which rooms a room may use, types included; arrows go down only. */
const ALLOWED: Record<string, readonly string[]> = {
  main: ["cli"],
  cli: ["run", "trust", "config", "core", "tools", "backends", "sys", "ui", "errors", "runtime"],
  run: ["trust", "config", "core", "tools", "backends", "sys", "ui", "errors", "runtime"],
  trust: ["config", "core", "tools", "sys", "ui", "errors", "runtime"],
  backends: ["core", "sys", "errors", "runtime"],
  config: ["core", "errors"],
  sys: ["core", "tools", "errors", "runtime"],
  tools: ["core", "errors"],
  ui: ["core", "errors"],
  core: ["errors", "runtime"],
  errors: [],
  runtime: [],
};

/** All that `cli` and `run` may know of the backends. */
const BACKENDS_FRONT = ["src/backends/registry.ts", "src/backends/backend.ts"];

const room = (path: string) => path.replace(/^src\//, "").replace(/[/.].*$/, "");

/** The relative imports of a file, those of types included. */
function imports(path: string): readonly string[] {
  const code = source(path).replaceAll(/\/\*[^]*?\*\//g, "");
  const found = code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map(([, name = ""]) => name);
}

const targets = (path: string) =>
  imports(path).map((name) => relative(ROOT, join(ROOT, dirname(path), name)));

test.each(FILES)("%s uses only rooms below its own, by explicit file names", (path) => {
  for (const name of imports(path))
    expect(name).toMatch(/\.(ts|json|template|txt|pl|sh|cjs|conf)$/);
  for (const target of targets(path)) {
    if (!target.startsWith("src/") || room(target) === room(path)) continue;
    expect(ALLOWED[room(path)] ?? []).toContain(room(target));
    if (["cli", "run"].includes(room(path)) && room(target) === "backends")
      expect(BACKENDS_FRONT).toContain(target);
  }
});

test("remote/ imports no provider, so that every provider can use it", () => {
  const own = /^src\/backends\/(remote|engine)\/|^src\/backends\/backend\.ts$/;
  for (const path of FILES.filter((name) => name.startsWith("src/backends/remote/")))
    for (const target of targets(path))
      if (target.startsWith("src/backends/")) expect(target).toMatch(own);
});

test("no import leads back to its own file", () => {
  const open = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    if (open.has(path)) throw new Error(`a circle: ${[...way, path].join(" -> ")}`);
    if (done.has(path)) return;
    open.add(path);
    for (const target of targets(path))
      if (target.endsWith(".ts") && target.startsWith("src/")) visit(target, [...way, path]);
    open.delete(path);
    done.add(path);
  };
  for (const path of FILES) visit(path, []);
  expect(done.size).toBeGreaterThan(FILES.length - 1);
});

test("one module names Bun, and one ends the process", () => {
  const naming = (what: RegExp) =>
    FILES.filter((path) => what.test(source(path).replaceAll(/\/\/.*|\/\*[^]*?\*\//g, "")));
  expect(naming(/\bBun\.|typeof Bun\b|from "bun"/)).toEqual(["src/runtime/bun.ts"]);
  expect(naming(/process\.exit\b(?!Code)/)).toEqual(["src/main.ts"]);
});

test("nothing acts upon configuration that is not approved", () => {
  // Type imports load nothing, and this scan drops them.
  const loads = (path: string) =>
    new Bun.Transpiler({ loader: "ts" })
      .scanImports(source(path))
      .some(({ path: name }) => /config\/load\.ts$|\/read-files\.ts$/.test(name));
  const readers = FILES.filter((path) => room(path) !== "config" && loads(path));
  // `silo config` shows and writes files. Everything else calls `loadApproved`.
  expect(readers.filter((path) => !path.startsWith("src/cli/commands/config"))).toEqual([
    "src/trust/approved-config.ts",
  ]);
});

test("no file is a maze", () => {
  const long = FILES.filter((path) => source(path).split("\n").length > 251);
  expect(long).toEqual([]);
});
