import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { problems } from "./check.ts";
import { documents, ROOT } from "./document.ts";

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const sorted = (words: Iterable<string>) => [...words].toSorted();

describe("every example is correct", () => {
  test.each(documents().map((document) => [document.path, document] as const))(
    "%s",
    async (_, document) => {
      expect(await problems(document)).toEqual([]);
    },
    120_000,
  );
});

test("the README has the two commands of a clone", () => {
  const readme = read("README.md");
  for (const line of [
    "npm ci && npm run sandbox && npm start -- codex --backend bwrap",
    "npm ci && npm test",
  ])
    expect(readme.split("## From a clone")[1]?.split("\n## ")[0]).toContain(`\n${line} `);
});

test("the README is a front page", () => {
  expect(read("README.md").split("\n").length).toBeLessThanOrEqual(200);
});

test("the index links to every page of docs/", () => {
  const index = read("docs/README.md");
  for (const { path } of documents())
    if (path !== "README.md" && path !== "docs/README.md")
      expect(index).toContain(`](${path.startsWith("docs/") ? path.slice(5) : `../${path}`})`);
});

describe("the architecture document matches the source", () => {
  const text = read("docs/architecture.md");

  test("the allowed imports between directories", () => {
    const [, held = ""] =
      /const ALLOWED[^{]*\{([^}]*)\}/.exec(read("test/architecture.test.ts")) ?? [];
    const rooms = [...held.matchAll(/(\w+): \[([^\]]*)\]/g)].map(([, room = "", uses = ""]) =>
      `| \`${room}\` | ${uses.replaceAll('"', "`").replaceAll(",", "")} |`.replace("  |", " |"),
    );
    expect(rooms.length).toBeGreaterThan(5);
    for (const row of rooms) expect(text).toContain(row);
  });

  test("each member of the interface of a backend", () => {
    const [, held = ""] =
      /export type Backend = \{([^]*?)\n\};/.exec(read("src/backends/backend.ts")) ?? [];
    const members = [...held.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = ""]) => name);
    const [, table = ""] = /\| member \|[^\n]*\n([^]*?)\n\n/.exec(text) ?? [];
    const told = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = ""]) => name);
    expect(sorted(told)).toEqual(sorted(members));
  });
});
