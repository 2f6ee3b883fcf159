import { test } from "bun:test";
import { MINUTES } from "./boxes.ts";
import type { Outcome } from "./table.ts";
import type { Place, ThreatName } from "./threats.ts";

/** What the tests of all files have found so far, by the attack's name, a NUL and the place; they run in one process. */
export const RESULTS = new Map<string, Outcome>();

function note(name: ThreatName, place: Place, part: keyof Outcome, good: boolean): void {
  const key = `${name}\0${place}`;
  const known = RESULTS.get(key) ?? {};
  RESULTS.set(key, { ...known, [part]: (known[part] ?? true) && good });
}

function attack(
  part: keyof Outcome,
  name: ThreatName,
  place: Place,
  what: string,
  body: () => Promise<void> | void,
): void {
  test(
    `${name} (${place}): ${part === "bites" ? "without the protection, " : ""}${what}`,
    async () => {
      try {
        await body();
      } catch (error) {
        note(name, place, part, false);
        throw error;
      }
      note(name, place, part, true);
    },
    MINUTES,
  );
}

/** An attack that silo withstands. */
export function holds(
  name: ThreatName,
  place: Place,
  what: string,
  body: () => Promise<void> | void,
): void {
  attack("holds", name, place, what, body);
}

/** The same attack with the protection taken away: it succeeds, or the test that it fails would prove nothing. */
export function bites(
  name: ThreatName,
  place: Place,
  what: string,
  body: () => Promise<void> | void,
): void {
  attack("bites", name, place, what, body);
}
