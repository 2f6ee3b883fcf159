import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { copyOf, type Stage } from "../../src/sys/staging/stage.ts";
import {
  endStage,
  leftStage,
  openStage,
  stagedFiles,
  watchStage,
} from "../../src/sys/staging/staging.ts";
import { eventually, PATIENCE_MS } from "../support/eventually.ts";
import { valuesIn, type Orders, type Report, type Side, type Target } from "../support/saver.ts";
import { SOAK } from "../support/soak.ts";

// Programs on both sides that save at full speed, on the real file system, while the files are kept in sync.

/** No pause and no debounce, to provoke as many collisions as possible. */
const HECTIC = { intervalMs: 0, quietMs: 0, graceMs: 10_000 };
/** A tmpfs if there is one, because a busy disk would slow down the programs. */
const TEMPORARY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(realpathSync(TEMPORARY), "silo-staging-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const home = () => join(root, "home");
const staged = () => join(root, "state/silo/staged");

/** A stage of many JSON and text files; each side saves some by renaming and some in place. */
async function open(count: number): Promise<{ stage: Stage; targets: Record<Side, Target[]> }> {
  mkdirSync(home(), { recursive: true });
  const names = Array.from({ length: count }, (_, i) => (i % 8 === 7 ? `${i}.txt` : `${i}.json`));
  for (const name of names)
    writeFileSync(join(home(), name), name.endsWith("txt") ? "start\n" : '{"start":true}\n');
  const files = stagedFiles(names.map((name) => ({ source: join(home(), name), mode: "rw" })));
  const stage = await openStage(join(root, "state"), "session", files);
  const target = (path: string, i: number, bit: number): Target => ({
    path,
    how: Math.floor(i / bit) % 2 === 0 ? "rename" : "in place",
    text: path.endsWith("txt"),
  });
  return {
    stage,
    targets: {
      host: files.map(({ host }, i) => target(host, i, 1)),
      guest: files.map((file, i) => target(copyOf(stage, file), i, 2)),
    },
  };
}

function program(name: string, input: object) {
  return Bun.spawn([process.execPath, join(import.meta.dir, `../support/${name}.ts`)], {
    stdin: new TextEncoder().encode(JSON.stringify(input)),
    stdout: "pipe",
    stderr: "inherit",
  });
}

async function saves(orders: Orders): Promise<Report> {
  const child = program("saver", orders);
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return JSON.parse(text) as Report;
}

async function both(
  targets: Record<Side, Target[]>,
  count: number,
  seed: number,
): Promise<Record<Side, Report>> {
  const [host, guest] = await Promise.all([
    saves({ side: "host", targets: targets.host, saves: count, seed }),
    saves({ side: "guest", targets: targets.guest, saves: count, seed: seed + 1 }),
  ]);
  return { host, guest };
}

/** Lost values: not in the end state, not in a conflict file, and not overwritten by a program that had read them. */
function lost({ files }: Stage, reports: Record<Side, Report>): string[] {
  const all = readdirSync(home());
  return files.flatMap(({ host }, i) => {
    const name = basename(host);
    const versions = all.filter((entry) => entry === name || entry.startsWith(`${name}.silo-conf`));
    const kept = new Set([
      ...versions.flatMap((entry) => valuesIn(content(join(home(), entry)))),
      ...(reports.host.overwritten[i] ?? []),
      ...(reports.guest.overwritten[i] ?? []),
    ]);
    const saved = (["host", "guest"] as const).flatMap((side) =>
      Array.from({ length: reports[side].saved[i] ?? 0 }, (_, n) => `${side} ${n + 1}`),
    );
    return saved.filter((value) => !kept.has(value)).map((value) => `${name}: ${value}`);
  });
}

const content = (path: string) => readFileSync(path, "utf8");

/** Silo's own files next to the user's. */
const litter = () => readdirSync(home()).filter((name) => /\.silo-(?!conflict)/.test(name));

/** Number of saves on each side. */
const SAVES = 2_500 * SOAK;

test(`of ${2 * SAVES} saves on both sides none is lost`, async () => {
  const { stage, targets } = await open(32);
  const end = watchStage(stage, HECTIC);
  const reports = await both(targets, SAVES, 1);
  const differing = () =>
    stage.files.filter((file) => content(file.host) !== content(copyOf(stage, file)));
  // Without the final sync, because a save that was not read must not count as seen.
  await eventually("both sides are alike", () => differing().length === 0);
  const warnings = await end();
  expect(lost(stage, reports)).toEqual([]);
  expect(warnings.filter((text) => !text.includes("was changed on the host and by"))).toEqual([]);
  expect([litter(), readdirSync(staged())]).toEqual([[], []]);
  // Each side must have read the other's saves, otherwise the test proves nothing.
  expect(Math.min(reports.host.met, reports.guest.met)).toBeGreaterThan(Math.min(20, 4 * SOAK));
}, 240_000);

test("no save is lost if silo is killed in the middle of a sync", async () => {
  for (let round = 1; round <= Math.min(8, 2 * SOAK); round += 1) {
    const { stage, targets } = await open(8);
    const keeper = program("keeper", { stage, pace: HECTIC });
    const saving = both(targets, 1_000, round * 2);
    const over = new AbortController();
    const killed = (async () => {
      // Kills at a different step of a different swap each time.
      while (!over.signal.aborted && readdirSync(join(stage.root, "kept")).length < round * 2)
        await Bun.sleep(0);
      keeper.kill("SIGKILL");
      await keeper.exited;
    })();
    const reports = await saving;
    over.abort();
    await killed;
    const left = await leftStage(stage.state, "session");
    expect(left).toEqual(stage);
    const warnings = await endStage(stage);
    expect([round, lost(stage, reports)]).toEqual([round, []]);
    expect(warnings.filter((text) => !text.includes("was changed on the host and by"))).toEqual([]);
    expect([litter(), readdirSync(staged())]).toEqual([[], []]);
    rmSync(home(), { recursive: true });
  }
}, 240_000);

const BASE = '{"a":1}';
const GUEST = '{"a":1,"g":1}';
const HOST = '{"a":1,"h":1}';

/** A stage of one file that the guest has saved; `end` runs the next command after silo was killed. */
async function one() {
  mkdirSync(home());
  const host = join(home(), "s.json");
  writeFileSync(host, BASE);
  const files = stagedFiles([{ source: host, mode: "rw" }]);
  const stage = await openStage(join(root, "state"), "session", files);
  const [copy, kept] = [`${stage.root}/rw/0-s.json`, `${stage.root}/kept`];
  writeFileSync(copy, GUEST);
  const end = async () => await endStage((await leftStage(stage.state, "session")) ?? stage);
  return { stage, host, copy, kept, end };
}

type Left = Awaited<ReturnType<typeof one>>;

test.each<[string, (left: Left) => void, string]>([
  ["before the new file was made", () => {}, GUEST],
  ["while it was written", ({ host }) => writeFileSync(`${host}.silo-0.host.x.new`, '{"a'), GUEST],
  ["before the exchange", ({ host }) => writeFileSync(`${host}.silo-0.host.x`, GUEST), GUEST],
  [
    "after the exchange",
    ({ host }) => {
      writeFileSync(`${host}.silo-0.host.x`, BASE);
      writeFileSync(host, GUEST);
    },
    GUEST,
  ],
  [
    "after an exchange with a newer save",
    ({ host }) => {
      writeFileSync(`${host}.silo-0.host.x`, HOST);
      writeFileSync(host, GUEST);
    },
    '{"a":1,"g":1,"h":1}',
  ],
  [
    "after that was moved to the stage",
    ({ host, kept }) => {
      writeFileSync(`${kept}/0.host.x`, HOST);
      writeFileSync(host, GUEST);
    },
    '{"a":1,"g":1,"h":1}',
  ],
  [
    "and the user saved once more",
    ({ host, kept }) => {
      writeFileSync(`${kept}/0.host.x`, HOST);
      writeFileSync(host, '{"a":1,"g":1,"later":1}');
    },
    '{"a":1,"g":1,"later":1,"h":1}',
  ],
])("a silo process that was killed %s lost no save", async (_, leave, expected) => {
  const left = await one();
  writeFileSync(`${left.kept}/0.host.x.was`, BASE);
  leave(left);
  expect(await left.end()).toEqual([]);
  expect([content(left.host), readdirSync(home()), readdirSync(staged())]).toEqual([
    expected,
    ["s.json"],
    [],
  ]);
});

test("a silo process that was killed while it updated the guest's copy lost no save", async () => {
  const { stage, host, copy, kept, end } = await one();
  writeFileSync(host, HOST);
  writeFileSync(`${stage.root}/base/0-s.json`, BASE);
  writeFileSync(copy, HOST);
  writeFileSync(`${kept}/0.guest.x.was`, BASE);
  writeFileSync(`${kept}/0.guest.x`, GUEST);
  expect(await end()).toEqual([]);
  expect(content(host)).toBe('{"a":1,"h":1,"g":1}');
});

test("a displaced version and the one that replaced it are both kept", async () => {
  const { host, copy, kept, end } = await one();
  writeFileSync(`${kept}/0.host.x.was`, "start");
  writeFileSync(`${kept}/0.host.x`, "the user's");
  for (const path of [host, copy]) writeFileSync(path, "the tool's");
  const warnings = await end();
  const versions = readdirSync(home()).map((name) => content(join(home(), name)));
  expect(versions.toSorted()).toEqual(["the tool's", "the user's"]);
  expect(warnings).toHaveLength(1);
});

const TURNS = Math.min(80, 20 * SOAK);

test("a save right after the other side's save is synced, too", async () => {
  const { stage, host, copy } = await one();
  const end = watchStage(stage, { ...HECTIC, intervalMs: 1 });
  const [sides, value] = [[host, copy], (i: number) => `{"turn":${i}}`];
  for (let i = 1; i <= TURNS; i += 1) {
    const [mine = "", other = ""] = i % 2 === 0 ? sides : sides.toReversed();
    writeFileSync(`${mine}.new`, value(i));
    renameSync(`${mine}.new`, mine);
    // Without delay, while silo is still syncing the other side's save.
    await eventually(`turn ${i} is there`, () => content(other) === value(i), PATIENCE_MS, 0);
  }
  expect([await end(), content(host), readdirSync(home())]).toEqual([[], value(TURNS), ["s.json"]]);
});

test.each<Side>(["host", "guest"])(
  "a late write of a program on the %s to a file that it has open is merged",
  async (side) => {
    const { stage, host, copy } = await one();
    writeFileSync(copy, BASE);
    const [mine, other] = side === "host" ? [host, copy] : [copy, host];
    const file = openSync(mine, "r+");
    const end = watchStage(stage, { ...HECTIC, intervalMs: 5 });
    for (const value of ['"other":1', '"other":2']) {
      writeFileSync(other, `{"a":1,${value}}`);
      await eventually("the other side's save is here", () => content(mine).includes(value));
    }
    writeSync(file, '{"a":1,"mine":1}', 0);
    closeSync(file);
    for (const path of [host, copy])
      await eventually("both are", () => /"other".*"mine"|"mine".*"other"/.test(content(path)));
    expect([await end(), litter()]).toEqual([[], []]);
  },
);

test("the final sync waits for a program that had the host's file open", async () => {
  const { host, stage } = await one();
  const end = watchStage(stage, { intervalMs: 60_000, quietMs: 300, graceMs: 10_000 });
  const file = openSync(host, "r+");
  const ending = end();
  await eventually("the tool's save is here", () => content(host) === GUEST);
  writeSync(file, HOST, 0);
  closeSync(file);
  expect(await ending).toEqual([]);
  expect(JSON.parse(content(host))).toEqual({ a: 1, g: 1, h: 1 });
});

test("a directory above the host's file that is now a link is not followed", async () => {
  const { end, copy } = await one();
  renameSync(home(), join(root, "elsewhere"));
  symlinkSync("elsewhere", home());
  const warnings = await end();
  expect(warnings.join()).toContain(`${home()} is now a link; the tool's copy is ${copy}`);
  expect([content(join(root, "elsewhere/s.json")), content(copy)]).toEqual([BASE, GUEST]);
});
