import { afterAll, expect, test } from "bun:test";
import { RESULTS } from "./suite.ts";
import { resultTable } from "./table.ts";
import { THREATS } from "./threats.ts";

// Its name makes it the last file: the others have found what they find.

/** The rows of the files that have run in this process. */
const rows = THREATS.filter(({ name, on }) => on.some((place) => RESULTS.has(`${name}\0${place}`)));

afterAll(() => void process.stderr.write(`\n${resultTable(rows, RESULTS)}\n`));

/** Without podman, for example, nothing is tried there. */
const used = (place: string) => [...RESULTS.keys()].some((key) => key.endsWith(`\0${place}`));

test("each attack was tried on each backend, and shown to succeed without its protection", () => {
  const untried = rows.flatMap(({ name, on }) =>
    on.filter(used).flatMap((place) => {
      const { holds, bites } = RESULTS.get(`${name}\0${place}`) ?? {};
      return holds === undefined || bites === undefined ? [`${name} (${place})`] : [];
    }),
  );
  expect(untried).toEqual([]);
});
