import { expect, test } from "bun:test";
import { nextName, projectName } from "../../src/core/naming.ts";

test.each([
  ["/home/me/My Project", "my-project"],
  ["/home/me/__x__", "x"],
  ["/home/me/été", "t"],
  ["/home/me/a.b_c", "a-b-c"],
  ["/home/me/日本", "silo"],
  ["/", "silo"],
  [`/x/${"a".repeat(80)}`, "a".repeat(50)],
  [`/x/${"a".repeat(49)}-b`, "a".repeat(49)],
])("project name of %s is %s", (directory, name) => {
  expect(projectName(directory)).toBe(name);
});

test.each([
  [[], "app-1"],
  [["app-1"], "app-2"],
  [["app-9", "app-10", "app-2"], "app-11"],
  [["app-x", "app", "app-1b", "other-7", "app-api-5"], "app-1"],
  [["app-007"], "app-8"],
  [["app-99999999999999999999"], "app-1"],
])("next name after %j is %s", (names, next) => {
  expect(nextName("app", names)).toBe(next);
});
