import { expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const ROOT = join(import.meta.dir, "..");
const FILES = [...new Glob("src/**/*.ts").scanSync(ROOT)].filter((path) => !path.endsWith(".d.ts"));
const source = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** Which rooms a room may use; arrows go down only. */
const ALLOWED: Record<string, readonly string[]> = {
  main: ["cli"],
  cli: ["config", "core", "tools", "backends", "sys", "ui", "errors"],
  backends: ["core", "sys", "errors", "runtime"],
  config: ["tools", "core", "errors"],
  tools: ["core", "errors"],
  sys: ["core", "tools", "errors", "runtime"],
  ui: ["core", "errors"],
  core: ["errors", "runtime"],
  errors: [],
  runtime: [],
};

const room = (path: string) => path.replace(/^src\//, "").replace(/[/.].*$/, "");

/** What a file needs when it runs; imports of types alone are dropped. */
function imports(path: string): readonly string[] {
  const found = new Bun.Transpiler({ loader: "ts" }).scanImports(source(path));
  return found.map((entry) => entry.path).filter((name) => name.startsWith("."));
}

test.each(FILES)("%s uses only rooms below its own, by explicit file names", (path) => {
  for (const name of imports(path)) {
    expect(name).toMatch(/\.(ts|json|template|txt|pl)$/);
    const target = relative(ROOT, join(ROOT, dirname(path), name));
    if (!target.startsWith("src/") || room(target) === room(path)) continue;
    expect(ALLOWED[room(path)] ?? []).toContain(room(target));
  }
});

test("one module names Bun, and one ends the process", () => {
  const naming = (what: RegExp) =>
    FILES.filter((path) => what.test(source(path).replaceAll(/\/\/.*|\/\*[^]*?\*\//g, "")));
  expect(naming(/\bBun\.|typeof Bun\b|from "bun"/)).toEqual(["src/runtime/bun.ts"]);
  expect(naming(/process\.exit\b(?!Code)/)).toEqual(["src/main.ts"]);
});

test("nothing acts upon configuration that is not approved", () => {
  const readers = FILES.filter(
    (path) =>
      room(path) !== "config" && imports(path).some((name) => name.endsWith("config/load.ts")),
  );
  // `cli/config.ts` asks first; the others show or write it. Code that acts upon it calls `trustedConfig` or `backendConfig`.
  expect(readers.filter((path) => !path.startsWith("src/cli/commands/config"))).toEqual([
    "src/cli/config.ts",
  ]);
});

test("no file is a maze", () => {
  const long = FILES.filter((path) => source(path).split("\n").length > 251);
  expect(long).toEqual([]);
});
