/** Start-up times compared to the raw commands, measured in turn: `npm run bench`. Requires an engine and the test base image. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../scripts/compile.ts";
import { filterHex } from "../src/backends/bwrap/filter.ts";
import { probe, silo } from "../test/support/silo.ts";
import { destroyWorld, makeWorld, type World } from "../test/support/world.ts";
import { SILO } from "../test/support/settings.ts";
import { mutagenFolder } from "../test/support/fly.ts";
import { flyRows } from "./fly.ts";
import { paired } from "./paired.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? "20");

type Row = {
  readonly what: string;
  readonly limit: string;
  readonly met: boolean;
  readonly text: string;
};

function run(command: readonly string[], world: World): () => Promise<void> {
  return async () => {
    const child = Bun.spawn([...command], {
      cwd: world.project,
      env: { ...world.env },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    if ((await child.exited) !== 0) throw new Error(`failed: ${command.join(" ")}`);
  };
}

/** The same `docker run` without silo, from the plan that silo prints. */
async function byHand(world: World, tool: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await silo(world, [
    "codex",
    "--dry-run",
    "--json",
    "--name",
    "by-hand",
    "--",
    ...tool,
  ]);
  const { commands } = JSON.parse(stdout) as { commands: { run: { bin: string; args: string[] } } };
  return [commands.run.bin, ...commands.run.args];
}

/** The same `bwrap` without silo, from the plan that silo prints, and the time with an empty cache. */
async function sandbox(): Promise<readonly Row[]> {
  const world = makeWorld({ backend: "bwrap" });
  try {
    const first = performance.now();
    await silo(world, ["codex", "--", "--version"]);
    const seconds = ((performance.now() - first) / 1000).toFixed(1);
    const tool = ["probe", "true"];
    const { stdout } = await silo(world, ["codex", "--dry-run", "--json", "--", ...tool]);
    const { commands } = JSON.parse(stdout) as {
      commands: { run: { bin: string; args: string[] } };
    };
    const { bin, args } = commands.run;
    const paths = `${world.home}/.local/bin:/opt/silo/bin:/usr/bin:/bin`;
    const filter = await filterHex(process.getuid?.() ?? 0);
    const inside = [`SILO_FILTER=${filter}`, `BOX_HOME=${world.home}`, `BOX_PATH=${paths}`];
    const byHand = ["env", "-i", ...inside, bin, ...args];
    const result = await paired(
      run([SILO, "codex", "--", ...tool], world),
      run(byHand, world),
      ROUNDS,
    );
    return [
      row(
        "warm bwrap against the same bwrap",
        "at most 25 ms more",
        result.difference <= 25,
        result,
      ),
      {
        what: "from an empty cache to codex --version, by bwrap",
        limit: "no limit",
        met: true,
        text: `${seconds} s`,
      },
    ];
  } finally {
    destroyWorld(world);
  }
}

/** Counts the calls of Apple's command with its double, because each call is slow. */
async function appleCalls(): Promise<Row> {
  const world = makeWorld({ backend: "container" });
  try {
    const calls = async () =>
      (await Bun.file(join(world.root, "state/calls.jsonl")).text()).split("\n").length;
    await probe(world, "true");
    const before = await calls();
    await probe(world, "true");
    const made = (await calls()) - before;
    return {
      what: "warm start with Apple's container",
      limit: "at most 2 calls",
      met: made <= 2,
      text: `${made} calls of the command`,
    };
  } finally {
    destroyWorld(world);
  }
}

async function start(world: World): Promise<Row> {
  const tool = ["probe", "true"];
  await probe(world, "true");
  const result = await paired(
    run([SILO, "codex", "--", ...tool], world),
    run(await byHand(world, tool), world),
    ROUNDS,
  );
  return row(
    "warm start against the same docker run",
    "at most 25 ms more",
    result.difference <= 25,
    result,
  );
}

async function version(world: World): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), "silo-bench-"));
  const empty = join(folder, "empty");
  writeFileSync(join(folder, "main.ts"), "export {};\n");
  await compile(empty, { entry: join(folder, "main.ts") });
  const result = await paired(run([SILO, "--version"], world), run([empty], world), ROUNDS * 2);
  rmSync(folder, { recursive: true });
  return row(
    "--version against an empty program",
    "at most 1.3 times",
    result.ratio <= 1.3,
    result,
  );
}

async function list(world: World): Promise<Row> {
  const raw = ["docker", "ps", "--all", "--filter", "label=silo.session"];
  // Many rounds, because the value is close to its limit and a round is short.
  const result = await paired(run([SILO, "ls"], world), run(raw, world), ROUNDS * 5);
  return row("ls against docker ps", "at most 1.5 times", result.ratio <= 1.5, result);
}

function row(
  what: string,
  limit: string,
  met: boolean,
  result: Awaited<ReturnType<typeof paired>>,
): Row {
  const { a, b, difference, ratio } = result;
  const text = `${a.toFixed(1)} ms, ${b.toFixed(1)} ms: ${difference.toFixed(1)} ms more, ${ratio.toFixed(2)} times`;
  return { what, limit, met, text };
}

const world = makeWorld({ backend: "none" });
const rows = [await version(world), await list(world), await start(world)];
destroyWorld(world);
rows.push(await appleCalls(), ...(await sandbox()));
const fly = existsSync(mutagenFolder()) ? await flyRows(Math.ceil(ROUNDS / 4)) : [];
rows.push(...fly.map(([what, text]) => ({ what, limit: "no limit", met: true, text })));
for (const { what, limit, met, text } of rows)
  process.stdout.write(`${met ? "met   " : "MISSED"} ${what} (${limit}): ${text}\n`);
if (rows.some(({ met }) => !met)) process.exitCode = 1;
