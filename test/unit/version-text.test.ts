import { expect, test } from "bun:test";
import { isAtLeast } from "../../src/core/text/version.ts";

test.each([
  ["20.10", "20.10", true],
  ["20.10.24+dfsg1", "20.10", true],
  ["28.2.2", "20.10", true],
  ["20.9.9", "20.10", false],
  ["3", "20.10", false],
  ["0.9.0", "0.9", true],
  ["", "0.9", false],
])("%s is at least %s: %p", (version, least, expected) => {
  expect(isAtLeast(version, least)).toBe(expected);
});
