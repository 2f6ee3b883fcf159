/** Benchmark of the fly backend with the double of `fly`: the stages until the tool's first output, and a sync cycle of many unchanged files. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fly, FLY_APP, flyMachines, pushedImages } from "../test/support/fly.ts";
import { siloOnTerminal } from "../test/support/pty.ts";
import { probe, siloCommand } from "../test/support/silo.ts";
import { destroyWorld, makeWorld, sweepWorld, type World } from "../test/support/world.ts";
import { median } from "./paired.ts";

/** The stages, and how the messages of `-v` begin. */
const STAGES = [
  ["ask for the machines", /^starting machine/],
  ["machine", /^opening/],
  ["keys and link", /^copying files/],
  ["first sync and start of the tool", /^up/],
] as const;

/** Milliseconds of each stage of one start. */
async function stages(world: World): Promise<readonly number[]> {
  const [bin, args] = siloCommand(world, ["codex", "-v", "--", "probe", "echo up"]);
  const start = performance.now();
  const child = Bun.spawn([bin, ...args], {
    cwd: world.project,
    env: { ...world.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const seen: number[] = [];
  const watch = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream)
      for (const line of decoder.decode(chunk).split("\n")) {
        const i = STAGES.findIndex(([, words]) => words.test(line));
        if (i >= 0) seen[i] ??= performance.now();
      }
  };
  await Promise.all([watch(child.stdout), watch(child.stderr), child.exited]);
  return STAGES.map((_, i) => (seen[i] ?? Number.NaN) - (i === 0 ? start : (seen[i - 1] ?? 0)));
}

/** The time of the double alone for the calls of a start: the list, the machine, and three consoles. */
function doubleAlone(world: World): number {
  const timed = (...args: string[]) => {
    const start = performance.now();
    fly(world, ...args);
    return performance.now() - start;
  };
  const list = timed("machine", "list", "-a", FLY_APP, "--json");
  const [image = ""] = pushedImages(world);
  const launch = [
    "machine",
    "run",
    image,
    "-a",
    FLY_APP,
    "-n",
    "alone",
    "--detach",
    "--",
    "sleep",
    "600",
  ];
  const run = timed(...launch);
  const id = flyMachines(world).find(({ name }) => name === "alone")?.id ?? "";
  const console = timed("ssh", "console", "-a", FLY_APP, "--machine", id, "-q", "-C", "/bin/true");
  sweepWorld(world);
  // The set-up, then the connections for the terminal and the files in parallel.
  return list + run + 2 * console;
}

/** The time of a sync cycle with 20,000 unchanged files. */
async function unchanged(world: World, rounds: number): Promise<number> {
  for (let i = 0; i < 200; i += 1) {
    mkdirSync(join(world.project, `d${i}`));
    for (let k = 0; k < 100; k += 1)
      writeFileSync(join(world.project, `d${i}/f${k}`), `${i} ${k}\n`);
  }
  const pty = siloOnTerminal(world, ["codex", "--", "probe", "echo up; read -r _"]);
  await pty.shows("up", 300_000);
  const env = {
    ...world.env,
    MUTAGEN_DATA_DIRECTORY: join(world.home, ".local/state/silo/fly/mutagen"),
  };
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    spawnSync("mutagen", ["sync", "flush", "--all"], { env });
    return performance.now() - start;
  });
  pty.type("\n");
  await pty.exited;
  return median(times);
}

/** The measured values, without limits, since Fly is a double. */
export async function flyRows(rounds: number): Promise<readonly (readonly [string, string])[]> {
  const world = makeWorld({ backend: "fly" });
  try {
    await probe(world, "true");
    const runs: (readonly number[])[] = [];
    const alone: number[] = [];
    for (let i = 0; i < rounds; i += 1) {
      runs.push(await stages(world));
      alone.push(doubleAlone(world));
    }
    const by = STAGES.map(
      ([name], i) => `${name} ${median(runs.map((run) => run[i] ?? 0)).toFixed(0)} ms`,
    );
    const total = median(runs.map((run) => run.reduce((sum, part) => sum + part, 0)));
    const theirs = median(alone);
    const flush = await unchanged(world, rounds);
    return [
      ["fly, to the tool's first byte", `${total.toFixed(0)} ms: ${by.join(", ")}`],
      [
        "fly, of that silo, ssh and mutagen",
        `${(total - theirs).toFixed(0)} ms; the double's own calls ${theirs.toFixed(0)} ms`,
      ],
      ["fly, a whole cycle over 20,000 unchanged files", `${flush.toFixed(0)} ms`],
    ];
  } finally {
    sweepWorld(world);
    destroyWorld(world);
  }
}
