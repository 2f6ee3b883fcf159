import { expect, test } from "bun:test";
import { ageText } from "../../src/core/text/age.ts";

const NOW = Date.parse("2026-01-02T00:00:00Z");

test.each([
  ["2026-01-01T23:59:59.500Z", "0 seconds ago"],
  ["2026-01-01T23:59:59Z", "1 second ago"],
  ["2026-01-01T23:58:30Z", "1 minute ago"],
  ["2026-01-01T22:00:00Z", "2 hours ago"],
  ["2025-12-25T00:00:00Z", "8 days ago"],
  ["2026-01-03T00:00:00Z", "0 seconds ago"],
  [undefined, ""],
  ["nonsense", ""],
])("a thing created at %s is %s", (created, text) => {
  expect(ageText(created, NOW)).toBe(text);
});
