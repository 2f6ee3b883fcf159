import { spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SYSTEM_PATH } from "../front.ts";
import { SILO } from "../settings.ts";
import { slot } from "../slot.ts";
import type { World } from "../world.ts";
import type { Driver, Row } from "./driver.ts";

/** Sandboxes on a machine without an engine, where silo auto-detects bwrap. */
export const bwrap: Driver = {
  prepare: (root) => {
    symlinkSync(programs(), join(root, "bin"));
    return { PATH: join(root, "bin") };
  },
  prebuild: (world) => {
    const seed = prefixes(world);
    const cache = join(world.home, ".cache/silo");
    mkdirSync(cache, { recursive: true });
    // Linked instead of copied, because the prefix is mounted read-only and has several hundred megabytes.
    copy(seed, join(cache, "bwrap"), "--link");
    for (const path of [join(world.home, ".cache"), cache]) own(world, path);
  },
  list: (world) => sandboxes(world),
  kill: (world) => void killAll(world),
  sweep: (world) => killAll(world).map(({ name }) => name),
  // Only silo gives names to sandboxes.
  makeForeign: () => {},
  removeForeign: () => {},
};

function copy(from: string, to: string, ...options: readonly string[]): void {
  const { status, stderr } = spawnSync("cp", ["--archive", ...options, from, to]);
  if (status !== 0) throw new Error(stderr.toString());
}

/** Gives a world its own directory of programs, for a test that changes it. */
export function ownPrograms({ root }: World): void {
  rmSync(join(root, "bin"));
  copy(programs(), join(root, "bin"));
}

let place: string | undefined;

/** A directory that all worlds of this process share; deleted when the process exits. */
function shared(): string {
  if (place !== undefined) return place;
  const folder = join(tmpdir(), `silo-test-${slot()}-shared`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  process.on("exit", () => {
    spawn("rm", ["-rf", folder], { detached: true, stdio: "ignore" }).unref();
  });
  return (place = folder);
}

let linked: string | undefined;

/** A directory with links to all programs of this machine except the engines' commands. */
function programs(): string {
  if (linked !== undefined) return linked;
  const bin = join(shared(), "bin");
  mkdirSync(bin);
  const seen = new Set<string>();
  for (const directory of SYSTEM_PATH.split(":")) {
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      if (/^(docker|podman|container)/.test(name) || seen.has(name)) continue;
      seen.add(name);
      symlinkSync(join(directory, name), join(bin, name));
    }
  }
  return (linked = bin);
}

/** The built prefix of the probe, by user. */
const seeds = new Map<string, string>();

/** A directory with the probe's prefix; silo builds it in the new world. */
function prefixes(world: World): string {
  const key = `${world.user?.uid ?? 0}`;
  const known = seeds.get(key);
  if (known !== undefined) return known;
  const [bin, args] = asUser(world, [SILO, "codex", "--", "probe", "true"]);
  const options = { cwd: world.project, env: world.env, encoding: "utf8" } as const;
  const { status, stderr } = spawnSync(bin, args, options);
  if (status !== 0) throw new Error(stderr);
  const seed = join(shared(), `bwrap-${key}`);
  copy(join(world.home, ".cache/silo/bwrap"), seed, "--link");
  for (const name of readdirSync(world.home).filter((each) => each !== ".config"))
    rmSync(join(world.home, name), { recursive: true, force: true });
  seeds.set(key, seed);
  return seed;
}

function own({ user }: World, path: string): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

function asUser({ user }: World, command: readonly string[]): [string, readonly string[]] {
  const [bin = "", ...args] = command;
  if (user === undefined) return [bin, args];
  const { uid, gid } = user;
  return ["setpriv", [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--", ...command]];
}

function killAll(world: World): readonly Row[] {
  const running = sandboxes(world);
  for (const { id } of running) process.kill(Number(id), "SIGKILL");
  return running;
}

/** The running sandboxes, from their records, with their processes. */
function sandboxes({ home }: World): readonly Row[] {
  const folder = join(home, ".local/state/silo/bwrap");
  const files = (existsSync(folder) ? readdirSync(folder) : []).filter((name) =>
    name.endsWith(".json"),
  );
  const records = files.map(
    (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as { name: string; pid: number },
  );
  return records.filter(({ pid }) => runs(pid)).map(({ name, pid }) => ({ name, id: String(pid) }));
}

const runs = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
