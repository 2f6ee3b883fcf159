import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { onTerminal } from "../support/pty.ts";
import { seeded } from "../support/git.ts";
import { finished, probe, silo, siloCommand, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { destroyWorld, makeWorld, put, sweepWorld, type World } from "../support/world.ts";
import { PROBE_CONFIG } from "../support/settings.ts";
import type { User } from "./boxes.ts";
import { halfBuilt, leftAfter, makeTemporary, SECRET, sweepImages, temporary } from "./leavings.ts";

/** The phase in which silo is killed. */
export const PHASES = ["start", "run", "end", "build"] as const;
export type Phase = (typeof PHASES)[number];
export const SIGNALS = ["SIGKILL", "SIGTERM", "SIGHUP"] as const;

/** The longest random wait of each phase before the signal, in milliseconds. */
const REACH = {
  docker: { start: 700, run: 200, end: 200, build: 2500 },
  bwrap: { start: 200, run: 100, end: 100, build: 1500 },
} as const;

type Start = {
  readonly phase: Phase;
  readonly signal: (typeof SIGNALS)[number];
  readonly terminal: boolean;
  /** Position in the phase, between 0 and 1. */
  readonly at: number;
};

/** Leftovers of one start, as text; there should be none. */
export type Left = {
  readonly start: Start;
  readonly left: readonly string[];
  readonly raw: boolean;
};

/** The random choices of a storm: the same seed gives the same starts. */
export function choices(count: number, seed: number): readonly Start[] {
  const next = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
  return Array.from({ length: count }, () => ({
    // Only a tenth of the starts build, because a build takes seconds.
    phase: next(10) === 0 ? ("build" as const) : pick(PHASES.slice(0, 3)),
    signal: pick(SIGNALS),
    terminal: next(2) === 0,
    at: next(1000) / 1000,
  }));
}

/** Result of a storm. */
export type Storm = {
  readonly strikes: readonly Left[];
  /** Leftovers at the end. */
  readonly afterwards: readonly string[];
};

/** Runs and kills the chosen starts of one backend. @param tell called with the result of each. */
export async function storm(
  backend: "docker" | "bwrap",
  user: User,
  starts: readonly Start[],
  tell: (done: number, strike: Left) => void = () => {},
): Promise<Storm> {
  const world = makeWorld({ backend, ...(user === undefined ? {} : { user }) });
  const marker = `storm-${crypto.randomUUID().slice(0, 13)}`;
  const strikes: Left[] = [];
  try {
    makeTemporary(world);
    const first = await probe(world, "true");
    if (first.code !== 0) throw new Error(first.stderr);
    for (const [i, start] of starts.entries()) {
      const left = await strike(world, PROBE_CONFIG, start, `${marker}-${i}-`);
      strikes.push(left);
      tell(i + 1, left);
    }
    return { strikes, afterwards: await halfBuilt(world) };
  } finally {
    sweepWorld(world);
    if (backend === "docker") sweepImages(world, marker);
    destroyWorld(world);
  }
}

/** Starts silo in a world, kills it, runs `silo ls`, and searches for leftovers. */
async function strike(world: World, config: object, start: Start, marker: string): Promise<Left> {
  const { backend, project } = world;
  if (backend !== "docker" && backend !== "bwrap") throw new Error(`no storm on ${backend}`);
  for (const name of readdirSync(project)) rmSync(join(project, name), { recursive: true });
  const hook = start.phase === "build" ? { post_build_hooks: [`: ${marker}; sleep 1`] } : {};
  put(
    world,
    "home/.config/silo/silo.jsonc",
    JSON.stringify({ ...config, ...hook, env: ["ftp_proxy"] }),
  );
  const script = `: ${marker}; touch up; until [ -e go ]; do sleep 0.02; done`;
  const run = start.terminal ? byTerminal(world, script) : byPipe(world, script);
  const limit = REACH[backend][start.phase] * start.at;
  try {
    await reached(start.phase, world, run);
    await Bun.sleep(limit);
    run.kill(start.signal);
    await eventually(`silo ends by ${start.signal} (${start.phase})`, run.isDead, 120_000);
    const listed = await silo(world, ["ls", "-q"]);
    // The engine may also have containers of other tests.
    const own = listed.stdout
      .split("\n")
      .filter((line) => line.startsWith(`${basename(project)}-`));
    const said = listed.code === 0 ? own : [`${listed.code}: ${listed.stderr}`];
    const left = await leftAfter(world, marker);
    // Deleted, so that the next start begins without leftovers.
    if (left.length > 0) sweepWorld(world);
    const raw = await run.isRaw();
    return { start, left: [...said.map((line) => `ls: ${line}`), ...left], raw };
  } finally {
    writeFileSync(join(project, "go"), "");
    run.end();
  }
}

type Run = {
  /** Whether there is a process to kill. */
  readonly isThere: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly isDead: () => boolean;
  readonly says: () => string;
  /** Whether the terminal's settings have changed. */
  readonly isRaw: () => Promise<boolean>;
  readonly end: () => void;
};

async function reached(phase: Phase, { project }: World, run: Run): Promise<void> {
  await eventually("there is a process", run.isThere);
  if (phase === "start") return;
  const up = () => existsSync(join(project, "up")) || run.isDead();
  if (phase === "build")
    return await eventually("it builds", () => /building/.test(run.says()) || up());
  await eventually("it runs", up, 120_000);
  if (phase === "end") writeFileSync(join(project, "go"), "");
}

function withSecret(world: World): World {
  return {
    ...world,
    env: { ...world.env, ftp_proxy: `http://u:${SECRET}@proxy.invalid`, TMPDIR: temporary(world) },
  };
}

function byPipe(world: World, script: string): Run {
  const child = startSilo(withSecret(world), ["codex", "--", "probe", script]);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  void finished(child);
  return {
    isThere: () => true,
    kill: (signal) => void child.kill(signal),
    isDead: () => child.exitCode !== null || child.signalCode !== null,
    says: () => said,
    isRaw: () => Promise.resolve(false),
    end: () => {},
  };
}

/** A shell on a terminal that records the terminal's settings before and after silo. */
function byTerminal(world: World, script: string): Run {
  const { project } = world;
  const [bin, args] = siloCommand(withSecret(world), ["codex", "--", "probe", script]);
  const at = (name: string) => join(project, name);
  const line = `stty -g > before; (echo $BASHPID > pid; exec "$@"); echo $? > code; until [ -e measure ]; do sleep 0.02; done; stty -g > after.new; mv after.new after`;
  const pty = onTerminal(["bash", "-c", line, "bash", bin, ...args], withSecret(world));
  const read = (name: string) =>
    existsSync(at(name)) ? readFileSync(at(name), "utf8").trim() : "";
  return {
    isThere: () => read("pid") !== "",
    kill: (signal) => {
      const pid = Number(read("pid"));
      if (pid > 0 && read("code") === "") process.kill(pid, signal);
    },
    isDead: () => read("code") !== "",
    says: pty.screen,
    isRaw: async () => {
      writeFileSync(at("measure"), "");
      await eventually("the terminal is looked at", () => existsSync(at("after")));
      return read("before") !== read("after");
    },
    end: () => pty.kill("SIGKILL"),
  };
}
