import { isObject, type Json } from "./json.ts";

/** A file's bytes; undefined if there is no file. */
export type Content = Uint8Array | undefined;

/** A file on both sides, and the base: the content that both last agreed on. */
export type Sides = { readonly base: Content; readonly host: Content; readonly guest: Content };

/** Result of a comparison. Only the parts that are set are written. */
export type Step = {
  readonly base: Content;
  readonly host?: Uint8Array;
  readonly guest?: Uint8Array;
  /** The guest's version, to be saved in a conflict file, because it would otherwise be lost. */
  readonly saved?: Uint8Array;
};

export function same(a: Content, b: Content): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

/**
 * Three-way merge of one file. If only one side changed, it wins. If both are changed JSON objects, they are merged key
 * by key. Otherwise the host's version stays and the guest's is saved. A missing file never deletes the other.
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

/** Numbers with more digits than JavaScript can parse and write without loss. */
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

/** Whether a file was JSON and is not any more, so it is half-written or truncated. */
function damaged(base: Content, content: Content): boolean {
  return content !== undefined && isObject(parsed(base)) && parsed(content) === undefined;
}

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Merges objects: keys in the host's order, then the guest's new ones. In a conflict the host's value stays. */
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

/** Formats JSON with the indentation and final line break of the host's text. */
function written(value: Json, like: string): Uint8Array {
  const indent = /^\{\r?\n([ \t]+)"/.exec(like)?.[1];
  const end = like.endsWith("\n") ? "\n" : "";
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, indent)}${end}`);
}

/** A write to a displaced file, made between the comparison and the swap, or later through an open descriptor. */
export type Late = {
  /** The displaced file's content before the swap. */
  readonly was: Content;
  /** The displaced file's content now. */
  readonly late: Uint8Array;
  /** The content of the file that replaced it. */
  readonly now: Content;
};

/**
 * Three-way merge of a write to a displaced file into the file that replaced it.
 * @param wins whether in a conflict the displaced version stays and the other one is saved.
 * @param final no more writes follow, so a half-written version stays as it is.
 * @returns the new content, and the version to save in a conflict file; undefined while the write is incomplete.
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

/** Access to the two sides of a file. A swap writes only if the side still has the content that was read. */
export type Ends = {
  readonly read: () => Promise<Sides>;
  readonly swapHost: (content: Uint8Array, expected: Content) => Promise<boolean>;
  readonly swapGuest: (content: Uint8Array, expected: Content) => Promise<boolean>;
  readonly keepBase: (content: Uint8Array) => Promise<void>;
  readonly save: (content: Uint8Array) => Promise<void>;
};

/** Reconciles once, in an order that loses nothing if it is interrupted. @returns false if a side changed meanwhile. */
export async function syncOnce(ends: Ends, final: boolean): Promise<boolean> {
  const sides = await ends.read();
  const step = reconcile(sides, final);
  if (step.host !== undefined && !(await ends.swapHost(step.host, sides.host))) return false;
  if (step.saved !== undefined) await ends.save(step.saved);
  const shown = step.guest === undefined || (await ends.swapGuest(step.guest, sides.guest));
  // If the guest has written meanwhile, its write is based on its old content, so that becomes the base.
  const base = shown ? step.base : sides.guest;
  if (base !== undefined && !same(base, sides.base)) await ends.keepBase(base);
  return shown;
}
