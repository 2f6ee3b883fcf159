import { expect, test } from "bun:test";
import { image, sizeInBytes } from "../../src/backends/docker/images.ts";
import { rows } from "../../src/backends/docker/rows.ts";
import { sizeText, unusedImages } from "../../src/core/unused-images.ts";

const DAY = 86_400_000;
const NOW = 100 * DAY;

test("an image stays while it is the last one of a project that ran within a month", () => {
  const uses = [
    { tag: "silo-codex:new", used: NOW - DAY },
    { tag: "silo-vibe:forgotten", used: NOW - 31 * DAY },
  ];
  const all = ["silo-codex:old", "silo-codex:new", "silo-vibe:forgotten", "sha256:untagged"];
  expect(unusedImages(all, uses, NOW)).toEqual([
    "silo-codex:old",
    "silo-vibe:forgotten",
    "sha256:untagged",
  ]);
});

test.each([
  ["0B", 0, "0 B"],
  ["999B", 999, "999 B"],
  ["1.5kB", 1500, "1.5 kB"],
  ["712MB", 712_000_000, "712 MB"],
  ["1.24GB", 1_240_000_000, "1.2 GB"],
  ["nonsense", 0, "0 B"],
])("the size %s is %d bytes, for people %s", (written, bytes, text) => {
  expect(sizeInBytes(written)).toBe(bytes);
  expect(sizeText(bytes)).toBe(text);
});

test.each([
  [
    '{"Repository":"silo-codex","Tag":"ab12","ID":"sha256:1","Size":"1GB","CreatedAt":"2026-11-24 05:38:01 +0000 UTC"}',
    { reference: "silo-codex:ab12", tool: "codex", created: "2026-11-24T05:38:01.000Z" },
  ],
  [
    '{"Repository":"<none>","Tag":"<none>","ID":"sha256:2","Size":"1GB","CreatedAt":""}',
    { reference: "sha256:2", tool: "", created: undefined },
  ],
  [
    '[{"Id":"3","Names":["localhost/silo-vibe:cd34"],"Size":7,"Created":1795498681}]',
    { reference: "silo-vibe:cd34", tool: "vibe", size: 7, created: "2026-11-24T05:38:01.000Z" },
  ],
  ['[{"Id":"4","Size":7,"Names":null}]', { reference: "4", tool: "" }],
])("an image as docker or podman lists it", (line, expected) => {
  expect(rows(line).map(image)).toMatchObject([expected]);
});
