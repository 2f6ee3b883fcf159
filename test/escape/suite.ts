import { afterAll, test } from "bun:test";
import { MINUTES } from "./boxes.ts";
import { resultTable, type Outcome } from "./table.ts";
import { THREATS, type Place, type ThreatName } from "./threats.ts";

/** Results of all files, which run in one process, by the name of the attack, a NUL and the place. */
const RESULTS = new Map<string, Outcome>();

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

/** The same attack without the protection. It must succeed, because otherwise the other test would prove nothing. */
export function bites(
  name: ThreatName,
  place: Place,
  what: string,
  body: () => Promise<void> | void,
): void {
  attack("bites", name, place, what, body);
}

/** Test files that report here, and those that have ended. */
const FILES = new Set(THREATS.map(({ file }) => file).filter((file) => !/bwrap-|e2e/.test(file)));
const ENDED = new Set<string>();

/** Prints the rows of a file when it has ended, and the whole table after the last one. Files run in no fixed order. */
export function tableAtEnd(file: string): void {
  afterAll(() => {
    ENDED.add(file);
    const all = [...FILES].every((name) => ENDED.has(name));
    const rows = THREATS.filter((threat) => (all ? FILES.has(threat.file) : threat.file === file));
    process.stderr.write(`\n${resultTable(rows, RESULTS)}\n`);
  });
}
