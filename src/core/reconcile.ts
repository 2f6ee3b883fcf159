import { isObject, type Json } from "./json.ts";

/** A file's bytes; undefined where there is none. */
export type Content = Uint8Array | undefined;

/** A file on both sides, and what both last agreed on. */
export type Sides = { readonly base: Content; readonly host: Content; readonly guest: Content };

/** What a comparison leads to. Only what is named is written. */
export type Step = {
  readonly base: Content;
  readonly host?: Uint8Array;
  readonly guest?: Uint8Array;
  /** The guest's version, which nothing else holds: to be kept beside the host's file. */
  readonly saved?: Uint8Array;
};

export function same(a: Content, b: Content): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

/**
 * Three-way reconciliation of one file. A side that changed alone wins; of two changed JSON objects each key
 * goes its own way; else the host's stays and the guest's is saved. A missing file never deletes the other.
 * @param final no more writes follow, so a half-written version stays as it is.
 */
export function reconcile(sides: Sides, final: boolean): Step {
  const { base, host, guest } = sides;
  if (same(host, guest)) return { base: host };
  if (!final && (damaged(base, host) || damaged(base, guest))) return { base };
  if (guest === undefined) return onlyHost(base, host);
  if (host === undefined) return same(guest, base) ? { base } : { base: guest, host: guest };
  if (same(guest, base)) return { base: host, guest: host };
  if (damaged(base, guest)) return { base, saved: guest };
  if (same(host, base)) return { base: guest, host: guest };
  return bothChanged(base, host, guest);
}

function onlyHost(base: Content, host: Content): Step {
  return host === undefined || same(host, base) ? { base } : { base: host, guest: host };
}

function bothChanged(base: Content, host: Uint8Array, guest: Uint8Array): Step {
  const [old, ours, theirs] = [base, host, guest].map(asObject);
  if (ours === undefined || theirs === undefined) return { base: host, guest: host, saved: guest };
  const conflicts: string[] = [];
  const merged = mergeObjects(old ?? {}, ours, theirs, conflicts);
  const bytes = written(merged, new TextDecoder().decode(host));
  const step = { base: bytes, host: bytes, guest: bytes };
  return conflicts.length === 0 ? step : { ...step, saved: guest };
}

/** Numbers of so many digits do not survive being read and written. */
const PRECISE = /[:[,]\s*-?\d[\d.eE+-]{15,}/;

function asObject(content: Content): Json | undefined {
  const value = parsed(content);
  return isObject(value) && !PRECISE.test(new TextDecoder().decode(content)) ? value : undefined;
}

function parsed(content: Content): unknown {
  if (content === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content)) as unknown;
  } catch {
    return undefined;
  }
}

/** What was JSON and is not any more is being written, or was cut off in it. */
function damaged(base: Content, content: Content): boolean {
  return content !== undefined && isObject(parsed(base)) && parsed(content) === undefined;
}

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Keys in the host's order, then the guest's new ones. Where both changed one differently, the host's stays. */
function mergeObjects(old: Json, host: Json, guest: Json, conflicts: string[]): Json {
  const own = (object: Json, key: string) => (Object.hasOwn(object, key) ? object[key] : undefined);
  const keys = new Set([...Object.keys(host), ...Object.keys(guest)]);
  const entries = [...keys].map((key): [string, unknown] => {
    const [before, ours, theirs] = [own(old, key), own(host, key), own(guest, key)];
    if (equal(ours, theirs) || equal(theirs, before)) return [key, ours];
    if (equal(ours, before)) return [key, theirs];
    if (isObject(ours) && isObject(theirs))
      return [key, mergeObjects(isObject(before) ? before : {}, ours, theirs, conflicts)];
    conflicts.push(key);
    return [key, ours];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** JSON in the form that the host's text has. */
function written(value: Json, like: string): Uint8Array {
  const indent = /^\{\r?\n([ \t]+)"/.exec(like)?.[1];
  const end = like.endsWith("\n") ? "\n" : "";
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, indent)}${end}`);
}

/** A save that a swap displaced: it landed between the comparison and the swap, or later by an open descriptor. */
export type Late = {
  /** What the displaced file held when the swap was decided. */
  readonly was: Content;
  /** What it holds now. */
  readonly late: Uint8Array;
  /** What is in its place now. */
  readonly now: Content;
};

/**
 * Three-way merge of a displaced save into what took its place.
 * @param wins whether the save stays where both changed the same, and the other version is saved.
 * @param final no more writes follow, so a half-written version stays as it is.
 * @returns what belongs in the place, and what has to be saved beside it; undefined while the save is half-written.
 */
export function rejoin(
  { was, late, now }: Late,
  wins: boolean,
  final: boolean,
): { readonly now: Content; readonly saved: Content } | undefined {
  if (damaged(was, late)) return final ? { now, saved: late } : undefined;
  const sides = wins ? { host: late, guest: now } : { host: now, guest: late };
  const step = reconcile({ base: was, ...sides }, true);
  return { now: step.host ?? sides.host, saved: step.saved };
}

/** The two sides of one file as `syncOnce` needs them. A swap writes only where the side still has what was read. */
export type Ends = {
  readonly read: () => Promise<Sides>;
  readonly swapHost: (content: Uint8Array, expected: Content) => Promise<boolean>;
  readonly swapGuest: (content: Uint8Array, expected: Content) => Promise<boolean>;
  readonly keepBase: (content: Uint8Array) => Promise<void>;
  readonly save: (content: Uint8Array) => Promise<void>;
};

/** Reconciles once, in an order that loses nothing wherever it is cut off. @returns false where a side moved meanwhile. */
export async function syncOnce(ends: Ends, final: boolean): Promise<boolean> {
  const sides = await ends.read();
  const step = reconcile(sides, final);
  if (step.host !== undefined && !(await ends.swapHost(step.host, sides.host))) return false;
  if (step.saved !== undefined) await ends.save(step.saved);
  const shown = step.guest === undefined || (await ends.swapGuest(step.guest, sides.guest));
  // A guest that has written meanwhile did so upon what it had, not upon what it was to be shown.
  const base = shown ? step.base : sides.guest;
  if (base !== undefined && !same(base, sides.base)) await ends.keepBase(base);
  return shown;
}
