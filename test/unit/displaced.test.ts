import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Displaced } from "../../src/sys/staging/displaced.ts";
import type { Spot } from "../../src/sys/staging/kept.ts";
import { readStamped } from "../../src/sys/files/stamped.ts";

let root: string;
let kept: string;
let spot: Spot;
let saved: string[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-displaced-"));
  kept = join(root, "kept");
  saved = [];
  spot = {
    path: join(root, "file"),
    key: "0.guest",
    aside: (id) => join(kept, id),
    wins: false,
    durable: false,
  };
  writeFileSync(spot.path, "old");
});
afterEach(() => rmSync(root, { recursive: true }));

const displaced = (graceMs: number) =>
  new Displaced(kept, { quietMs: 0, graceMs }, (_, content) => {
    saved.push(new TextDecoder().decode(content));
    return Promise.resolve();
  });
const text = () => readFileSync(spot.path, "utf8");
/** The one displaced file. */
const file = () => join(kept, readdirSync(kept).find((name) => !name.endsWith(".was")) ?? "");

async function swap(graceMs: number): Promise<Displaced> {
  const all = displaced(graceMs);
  expect(await all.swap(spot, Buffer.from("new"), await readStamped(spot.path))).toBe(true);
  return all;
}

test("a displaced file is kept for the grace period, and no longer", async () => {
  const all = await swap(60_000);
  await all.settle(spot, false);
  expect([all.empty(spot), readFileSync(file(), "utf8")]).toEqual([false, "old"]);
  await all.settle(spot, true);
  expect([all.empty(spot), readdirSync(kept), text()]).toEqual([true, [], "new"]);
});

test("a conflicting version is saved once, however often it is checked", async () => {
  const all = await swap(0);
  writeFileSync(file(), "late");
  for (let i = 0; i < 3; i += 1) await all.settle(spot, false);
  expect([saved, text(), all.empty(spot)]).toEqual([["late"], "new", true]);
});

test("a displaced link is moved back, and is not read", async () => {
  const all = await swap(60_000);
  const path = file();
  unlinkSync(path);
  symlinkSync("/etc/hostname", path);
  expect(await all.settle(spot, true).catch(String)).toContain("is not a regular file");
  expect([lstatSync(spot.path).isSymbolicLink(), readFileSync(path, "utf8")]).toEqual([
    true,
    "new",
  ]);
  expect(saved).toEqual([]);
});

test("if there was no file, nothing is kept", async () => {
  unlinkSync(spot.path);
  const all = await swap(0);
  expect([all.empty(spot), readdirSync(kept), text()]).toEqual([true, [], "new"]);
});
