import { dlopen, ptr } from "bun:ffi";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { seeded } from "./git.ts";

// A program that saves as fast as it can, and records for each save exactly what it has overwritten.

export type Side = "host" | "guest";
/** Ways to save: a new file renamed over the old one, or in place. Text is overwritten as a whole. */
export type Target = {
  readonly path: string;
  readonly how: "rename" | "in place";
  readonly text: boolean;
};
export type Orders = {
  readonly side: Side;
  readonly targets: readonly Target[];
  readonly saves: number;
  readonly seed: number;
};
/** By target: the number of saved values, and the overwritten ones, such as `host 17`. */
export type Report = {
  readonly saved: readonly number[];
  readonly overwritten: readonly (readonly string[])[];
  /** Number of values of the other side that could be read. */
  readonly met: number;
};

/** All values in a version of a file, JSON or text. */
export function valuesIn(text: string): readonly string[] {
  return [...text.matchAll(/"?(host|guest)"?[ :]+(\d+)/g)].map(([, side, n]) => `${side} ${n}`);
}

const LIBRARY = process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6";

/** Exchanges two names atomically, so that the removed file is exactly what the save has overwritten. */
function exchanger(): (a: string, b: string) => void {
  const name = (path: string) => ptr(new TextEncoder().encode(`${path}\0`));
  const args = ["i32", "ptr", "i32", "ptr", "u32"] as const;
  const [symbol, cwd] = process.platform === "darwin" ? ["renameatx_np", -2] : ["renameat2", -100];
  const call = dlopen(LIBRARY, { [symbol]: { args, returns: "i32" } }).symbols[symbol];
  return (a, b) => {
    if (call?.(cwd, name(a), cwd, name(b), 2) !== 0) throw new Error(`no exchange with ${b}`);
  };
}

function next({ text }: Target, side: Side, value: number, old: string): string {
  if (text) return `${side} ${value}\n`;
  return `${JSON.stringify({ ...object(old), [side]: value })}\n`;
}

/** The content of a file; empty if it cannot be read, because programs then start with no content. */
function object(text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}

type Old = { readonly read: readonly string[]; readonly overwritten: readonly string[] };

function saver(side: Side): (target: Target, value: number) => Old {
  const exchange = exchanger();
  const renamed = (target: Target, value: number) => {
    const old = readFileSync(target.path, "utf8");
    const saved = next(target, side, value, old);
    const temporary = `${target.path}.${side}`;
    writeFileSync(temporary, saved);
    exchange(temporary, target.path);
    const overwritten = readFileSync(temporary, "utf8");
    unlinkSync(temporary);
    return { read: valuesIn(old), overwritten: without(overwritten, saved) };
  };
  const inPlace = (target: Target, value: number) => {
    const file = openSync(target.path, "r+");
    const buffer = Buffer.alloc(fstatSync(file).size);
    readSync(file, buffer, 0, buffer.length, 0);
    const old = buffer.toString("utf8");
    const saved = next(target, side, value, old);
    ftruncateSync(file, 0);
    writeSync(file, saved, 0);
    closeSync(file);
    return { read: valuesIn(old), overwritten: without(old, saved) };
  };
  return (target, value) => (target.how === "rename" ? renamed : inPlace)(target, value);
}

function without(old: string, saved: string): readonly string[] {
  const kept = new Set(valuesIn(saved));
  return valuesIn(old).filter((value) => !kept.has(value));
}

/** Saves of a burst, and the pause after it in milliseconds, without which all saves are done before the first sync. */
const BURST = 32;
const PAUSE_MS = 6;

/** A burst goes to a few files, as if programs were used in turn; the other files stay unchanged meanwhile. */
function run({ side, targets, saves, seed }: Orders): Report {
  const random = seeded(seed);
  const save = saver(side);
  const saved = targets.map(() => 0);
  const overwritten: string[][] = targets.map(() => []);
  const met = new Set<string>();
  let hot: number[] = [];
  for (let i = 0; i < saves; i += 1) {
    if (i % BURST === 0) {
      Bun.sleepSync(PAUSE_MS);
      hot = [0, 1, 2].map(() => random(targets.length));
    }
    const at = hot[random(hot.length)] ?? 0;
    const target = targets[at];
    if (target === undefined) continue;
    const value = (saved[at] ?? 0) + 1;
    saved[at] = value;
    const old = save(target, value);
    overwritten[at]?.push(...old.overwritten);
    for (const found of old.read) if (!found.startsWith(side)) met.add(`${at} ${found}`);
  }
  return { saved, overwritten, met: met.size };
}

if (import.meta.main) {
  const orders = JSON.parse(readFileSync(0, "utf8")) as Orders;
  process.stdout.write(JSON.stringify(run(orders)));
}
