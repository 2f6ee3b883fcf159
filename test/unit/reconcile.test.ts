import { describe, expect, test } from "bun:test";
import {
  reconcile,
  rejoin,
  same,
  syncOnce,
  type Content,
  type Ends,
  type Late,
} from "../../src/core/reconcile.ts";
import { seeded } from "../support/git.ts";
import { SOAK } from "../support/soak.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const content = (text: string | undefined): Content =>
  text === undefined ? undefined : bytes(text);
const text = (value: Content) =>
  value === undefined ? undefined : new TextDecoder().decode(value);

type Row = [base: string | undefined, host: string | undefined, guest: string | undefined];

function step([base, host, guest]: Row, final = false) {
  const sides = { base: content(base), host: content(host), guest: content(guest) };
  const done = reconcile(sides, final);
  return {
    base: text(done.base),
    host: text(done.host),
    guest: text(done.guest),
    saved: text(done.saved),
  };
}

const none = { host: undefined, guest: undefined, saved: undefined };

describe("a merge of three versions", () => {
  test.each<[string, Row, object]>([
    ["nothing changed", ["a", "a", "a"], { base: "a" }],
    ["the guest changed", ["a", "a", "b"], { base: "b", host: "b" }],
    ["the host changed", ["a", "b", "a"], { base: "b", guest: "b" }],
    ["both changed alike", ["a", "b", "b"], { base: "b" }],
    ["both changed", ["a", "b", "c"], { base: "b", guest: "b", saved: "c" }],
    ["the guest's is deleted", ["a", "a", undefined], { base: "a" }],
    [
      "the guest's is deleted, the host's changed",
      ["a", "b", undefined],
      { base: "b", guest: "b" },
    ],
    ["the host's is deleted", ["a", undefined, "a"], { base: "a" }],
    ["the host's is deleted, the guest's changed", ["a", undefined, "b"], { base: "b", host: "b" }],
    ["the guest made it", [undefined, undefined, "a"], { base: "a", host: "a" }],
    ["both are deleted", ["a", undefined, undefined], { base: undefined }],
    [
      "objects, each another key",
      ['{"a":1,"b":1}', '{"a":2,"b":1}', '{"a":1,"b":1,"c":3}'],
      { base: '{"a":2,"b":1,"c":3}', host: '{"a":2,"b":1,"c":3}', guest: '{"a":2,"b":1,"c":3}' },
    ],
    [
      "objects, deep",
      ['{"p":{"x":1,"y":1}}', '{"p":{"x":2,"y":1}}', '{"p":{"x":1}}'],
      { base: '{"p":{"x":2}}', host: '{"p":{"x":2}}', guest: '{"p":{"x":2}}' },
    ],
    [
      "objects, the same key",
      ['{"a":1}', '{"a":2}', '{"a":3,"b":1}'],
      {
        base: '{"a":2,"b":1}',
        host: '{"a":2,"b":1}',
        guest: '{"a":2,"b":1}',
        saved: '{"a":3,"b":1}',
      },
    ],
    [
      "an object with numbers that JavaScript would round",
      ['{"id":1}', '{"id":12345678901234567890}', '{"id":1,"b":1}'],
      {
        base: '{"id":12345678901234567890}',
        guest: '{"id":12345678901234567890}',
        saved: '{"id":1,"b":1}',
      },
    ],
  ])("%s", (_, row, expected) => {
    expect(step(row)).toEqual({ ...none, ...expected } as ReturnType<typeof step>);
  });

  test("a key named __proto__ stays a key", () => {
    const done = step(['{"a":1}', '{"a":2}', '{"a":1,"__proto__":{"x":1}}']);
    expect(done.host).toBe('{"a":2,"__proto__":{"x":1}}');
  });

  test("the host's indentation and final line break are kept", () => {
    const done = step(['{"a":1}', '{\n  "a": 2\n}\n', '{"a":1,"b":1}']);
    expect(done.host).toBe('{\n  "a": 2,\n  "b": 1\n}\n');
  });

  test("a half-written version waits, and is saved as a conflict in the final sync", () => {
    expect(step(['{"a":1}', '{"a":1}', '{"a":'])).toEqual({ ...none, base: '{"a":1}' });
    expect(step(['{"a":1}', '{"a":1}', ""])).toEqual({ ...none, base: '{"a":1}' });
    expect(step(['{"a":1}', '{"a":', '{"a":1}'])).toEqual({ ...none, base: '{"a":1}' });
    // The host's version, too, if the guest's has changed or is missing.
    expect(step(['{"a":1}', '{"a":', '{"a":2}'])).toEqual({ ...none, base: '{"a":1}' });
    expect(step(['{"a":1}', "", undefined])).toEqual({ ...none, base: '{"a":1}' });
    expect(step(['{"a":1}', '{"a":1}', '{"a":'], true)).toEqual({
      ...none,
      base: '{"a":1}',
      saved: '{"a":',
    });
  });
});

describe("a write to a displaced file", () => {
  test.each<[string, [string, string, string | undefined], boolean, object | undefined]>([
    ["merges", ['{"a":1}', '{"a":1,"b":1}', '{"a":1,"c":1}'], true, { now: '{"a":1,"b":1,"c":1}' }],
    ["stays, if it wins", ["a", "b", "c"], true, { now: "b", saved: "c" }],
    ["is saved, if it does not", ["a", "b", "c"], false, { now: "c", saved: "b" }],
    ["is restored if there is no file now", ["a", "b", undefined], false, { now: "b" }],
    ["replaces an unchanged file", ["a", "b", "a"], false, { now: "b" }],
    ["waits while it is half-written", ['{"a":1}', '{"a"', '{"b":1}'], true, undefined],
  ])("%s", (_, [was, late, now], wins, expected) => {
    const joined = rejoin({ was: content(was), late: bytes(late), now: content(now) }, wins, false);
    if (expected === undefined) expect(joined).toBeUndefined();
    else
      expect({ now: text(joined?.now), saved: text(joined?.saved) }).toEqual({
        now: undefined,
        saved: undefined,
        ...expected,
      });
  });

  test("is saved as a conflict in the final sync if it stays half-written", () => {
    const sides = { was: bytes('{"a":1}'), late: bytes('{"a"'), now: bytes('{"b":1}') };
    const joined = rejoin(sides, true, true);
    expect([text(joined?.now), text(joined?.saved)]).toEqual(['{"b":1}', '{"a"']);
  });
});

/** A file in memory with two writers, which tracks every value that was ever written to it. */
class World {
  base: Content;
  host: Content;
  guest: Content;
  readonly saved: string[] = [];
  /** Values that a writer replaced or deleted after reading them. */
  readonly replaced = new Set<string>();
  readonly written: string[] = [];

  readonly random: (below: number) => number;
  readonly json: boolean;

  constructor(random: (below: number) => number, json: boolean) {
    this.random = random;
    this.json = json;
    const start = bytes(json ? '{"k0":"start"}' : "start");
    [this.base, this.host, this.guest] = [start, start, start];
  }

  values(side: Content): string[] {
    const shown = text(side) ?? "";
    return shown.match(/v\d+/g) ?? [];
  }

  /** Writes to displaced files that are not merged yet. */
  displaced: (Late & { readonly side: "host" | "guest"; readonly put: Uint8Array })[] = [];

  rejoin(): void {
    for (const late of this.displaced) {
      const wins = late.side === "host" && same(this.host, late.put);
      const joined = rejoin({ ...late, now: this[late.side] }, wins, false);
      if (joined?.saved !== undefined) this.saved.push(text(joined.saved) ?? "");
      this[late.side] = joined?.now;
    }
    this.displaced = [];
  }

  edit(side: "host" | "guest"): void {
    const value = `v${this.written.length}`;
    const before = this[side];
    if (this.json) {
      const object = JSON.parse(text(before) ?? "{}") as Record<string, unknown>;
      const key = `k${this.random(4)}`;
      if (this.random(6) === 0) delete object[key];
      else object[key] = value;
      this[side] = bytes(JSON.stringify(object));
    } else this[side] = bytes(value);
    for (const old of this.values(before))
      if (!this.values(this[side]).includes(old)) this.replaced.add(old);
    if (this.values(this[side]).includes(value)) this.written.push(value);
    else this.written.push("deleted");
  }

  /** Either side may write between any two effects. */
  #meanwhile(): void {
    if (this.random(5) === 0) this.edit(this.random(2) === 0 ? "host" : "guest");
  }

  ends(busy: boolean, cut: number): Ends {
    let effects = 0;
    const effect = <T>(work: () => T): Promise<T> => {
      effects += 1;
      if (effects > cut) throw new Error("killed");
      if (busy) this.#meanwhile();
      return Promise.resolve(work());
    };
    const swap = (side: "host" | "guest") => (value: Uint8Array, expected: Content) =>
      effect(() => {
        if (!same(this[side], expected)) return false;
        // A write at the last moment is displaced.
        if (busy && this.random(8) === 0) this.edit(side);
        const late = this[side];
        if (late !== undefined && !same(late, expected))
          this.displaced.push({ side, was: expected, late, now: undefined, put: value });
        this[side] = value;
        return true;
      }).then(async (done) => {
        await effect(() => this.rejoin());
        return done;
      });
    return {
      read: () => effect(() => ({ base: this.base, host: this.host, guest: this.guest })),
      swapHost: swap("host"),
      swapGuest: swap("guest"),
      keepBase: (value) => effect(() => void (this.base = value)),
      save: (value) => effect(() => void this.saved.push(text(value) ?? "")),
    };
  }
}

async function play(seed: number): Promise<World> {
  const random = seeded(seed);
  const world = new World(random, random(3) > 0);
  for (let i = 0; i < 12; i += 1) {
    const turn = random(3);
    if (turn < 2) world.edit(turn === 0 ? "host" : "guest");
    // One in ten is killed at a random effect, as a silo process may be.
    else {
      world.rejoin();
      await syncOnce(world.ends(true, random(10) === 0 ? random(6) : Infinity), false).catch(
        () => {},
      );
    }
  }
  // The tool has exited; the user may still write.
  world.rejoin();
  while (!(await syncOnce(world.ends(false, Infinity), true)));
  return world;
}

const ROUNDS = 500 * SOAK;

test(`in ${ROUNDS} random interleavings of edits, passes and kills no value is lost`, async () => {
  const lost: string[] = [];
  let merges = 0;
  for (let seed = 1; seed <= ROUNDS; seed += 1) {
    const world = await play(seed);
    const kept = new Set<string>(`${text(world.host)} ${world.saved.join(" ")}`.match(/v\d+/g));
    const gone = world.written.filter(
      (value) => value !== "deleted" && !kept.has(value) && !world.replaced.has(value),
    );
    if (gone.length > 0) lost.push(`seed ${seed}: ${gone.join(" ")}`);
    expect(text(world.guest)).toBe(text(world.host) ?? "");
    merges += world.saved.length === 0 ? 1 : 0;
  }
  expect(lost.slice(0, 5)).toEqual([]);
  // Without merging nearly every run would have a conflict file.
  expect(merges).toBeGreaterThan(ROUNDS / 10);
});
