import { parseArgs } from "node:util";
import { TESTER } from "../support/settings.ts";
import { choices, PHASES, SIGNALS, storm, type Left } from "./storm.ts";

/*
 * Kills silo at random moments, a thousand times, and reports what is left after the next `silo ls`:
 *   bun test/escape/kill-storm.ts [--starts 1000] [--seed 1] [--backend docker|bwrap]
 * Exits with 1 if anything is left. Requires a compiled dist/silo and the requirements of the end-to-end tests.
 */

const { values } = parseArgs({
  options: {
    starts: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    backend: { type: "string" },
  },
});

const RUNS = [
  ["docker", undefined],
  ["docker", TESTER],
  ["bwrap", undefined],
  ["bwrap", TESTER],
] as const;

const chosen = RUNS.filter(
  ([backend]) => values.backend === undefined || backend === values.backend,
);
const each = Math.ceil(Number(values.starts) / chosen.length);
let bad = 0;

for (const [i, [backend, user]] of chosen.entries()) {
  const who = user === undefined ? "root" : "an ordinary user";
  const tell = (done: number, { start, left }: Left) => {
    if (left.length > 0) console.error(`${JSON.stringify(start)}\n  ${left.join("\n  ")}`);
    if (done % 50 === 0) console.error(`${backend}, ${who}: ${done} of ${each}`);
  };
  const { strikes, afterwards } = await storm(
    backend,
    user,
    choices(each, Number(values.seed) + i),
    tell,
  );
  bad += strikes.filter(({ left }) => left.length > 0).length + afterwards.length;
  console.log(`\n${backend}, ${who}: ${strikes.length} starts`);
  for (const phase of PHASES)
    for (const signal of SIGNALS) {
      const of = strikes.filter(({ start }) => start.phase === phase && start.signal === signal);
      const left = of.filter(({ left: found }) => found.length > 0).length;
      const raw = of.filter((strike) => strike.raw).length;
      console.log(
        `  ${phase.padEnd(6)} ${signal.padEnd(8)} ${String(of.length).padStart(4)} starts, ${left} left something, ${raw} left the terminal changed`,
      );
    }
  for (const what of afterwards) console.log(`  ${what}`);
}
process.exitCode = bad === 0 ? 0 : 1;
