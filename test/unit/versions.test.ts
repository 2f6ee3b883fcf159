import { expect, test } from "bun:test";
import { DAY_MS, isStale, parseCache } from "../../src/tools/versions.ts";

test.each([
  ["nothing", undefined, { asked: 0, versions: {} }],
  ["half of a file", '{"asked": 5, "vers', { asked: 0, versions: {} }],
  [
    "the file of an older silo",
    '{"asked":5,"versions":{"codex":"1.2.3"}}',
    { asked: 5, versions: { codex: "1.2.3" } },
  ],
  [
    "silo's own release",
    '{"asked":5,"versions":{},"silo":{"asked":4,"version":"1.0.0"}}',
    { asked: 5, versions: {}, silo: { asked: 4, version: "1.0.0" } },
  ],
  [
    "an invalid release",
    '{"asked":5,"silo":{"asked":"x","version":"$(id)"}}',
    { asked: 5, versions: {}, silo: { asked: 0 } },
  ],
  ["another kind of release", '{"asked":5,"silo":"1.0.0"}', { asked: 5, versions: {} }],
])("the cache: %s", (_, text, expected) => {
  expect(parseCache(text)).toEqual(expected);
});

test("stale after an hour, or after the given time; a time in the future is stale", () => {
  const now = 10 * DAY_MS;
  expect(isStale({ asked: now - DAY_MS / 2 }, now)).toBe(true);
  expect(isStale({ asked: now - DAY_MS / 2 }, now, DAY_MS)).toBe(false);
  expect(isStale({ asked: now + 1 }, now, DAY_MS)).toBe(true);
});
