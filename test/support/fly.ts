import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { User } from "./settings.ts";

/** A world where `fly` is played: everything hangs on its root. */
type Root = { readonly root: string; readonly user?: User | undefined };

/** The app that every played account has. */
export const FLY_APP = "silo-test";

const DOUBLE = join(import.meta.dir, "../contract/doubles/flyio/fly");
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MUTAGEN_VERSION = "0.18.1";

/** Where fly-tools.sh puts mutagen. */
export function mutagenFolder(): string {
  return `/var/tmp/silo-test-${process.getuid?.() ?? 0}/mutagen-${MUTAGEN_VERSION}`;
}

export const flyState = (root: string): string => join(root, "fly");

/** Puts the double of `fly` into a world. @returns what its environment needs besides; nothing of it steers the double */
export function playFly(root: string): Record<string, string> {
  const [bin, state] = [join(root, "bin"), flyState(root)];
  for (const folder of [bin, join(state, "knobs"), join(state, "apps"), join(state, "consoles")])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(state, "apps", FLY_APP), "");
  // fly is started with a cleaned environment, and by daemons too: what it has to know stands in the wrapper.
  const lines = [
    "#!/bin/sh",
    `export DOUBLE_STATE='${state}' DOUBLE_BUN='${process.execPath}'`,
    `exec '${DOUBLE}' "$@"`,
  ];
  writeFileSync(join(bin, "fly"), `${lines.join("\n")}\n`);
  chmodSync(join(bin, "fly"), 0o755);
  return { PATH: `${bin}:${mutagenFolder()}:${SYSTEM_PATH}` };
}

// Knobs: they work at once, and while other commands run.

export function setKnob({ root }: Root, name: string, content: string | number = ""): void {
  writeFileSync(join(flyState(root), "knobs", name), String(content));
}

export function clearKnob({ root }: Root, name: string): void {
  rmSync(join(flyState(root), "knobs", name), { force: true });
}

/** Names a text that no argument and no machine's config may have. */
export function setSecret({ root }: Root, secret: string): void {
  writeFileSync(join(flyState(root), "secret"), secret);
}

/** Where the secret was seen, if it was. */
export function leaked({ root }: Root): string | undefined {
  const file = join(flyState(root), "leaked");
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

export type FlyCall = {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The names of its environment. */
  readonly env: readonly string[];
  /** Whether the secret stood in a value of it. */
  readonly secretInEnv: boolean;
  /** The app configs that lay in its working directory. */
  readonly configs: readonly string[];
  readonly at: number;
  readonly pid: number;
};

/** Every call of `fly` so far, the first one first. */
export function flyCalls({ root }: Root): readonly FlyCall[] {
  const file = join(flyState(root), "calls.jsonl");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as FlyCall);
}

/** Runs the double itself, past silo. Its stdin is a pipe with nothing in it: a console hangs on /dev/null. */
export function fly({ root }: Root, ...args: readonly string[]) {
  const command = join(root, "bin/fly");
  const { status, stdout, stderr } = spawnSync("sh", ["-c", ': | "$0" "$@"', command, ...args], {
    cwd: "/",
    encoding: "utf8",
    env: { PATH: SYSTEM_PATH },
  });
  return { code: status ?? 1, stdout, stderr };
}

// Machines.

export type FlyMachine = {
  readonly id: string;
  readonly name: string;
  readonly app: string;
  readonly region: string;
  readonly image: string;
  readonly config: {
    readonly env: Readonly<Record<string, string>>;
    readonly metadata: Readonly<Record<string, string>>;
    readonly [more: string]: unknown;
  };
  readonly destroyed: boolean;
};

/** Every machine that was ever launched, the destroyed ones too. */
export function everyFlyMachine({ root }: Root): readonly FlyMachine[] {
  const folder = join(flyState(root), "machines");
  const files = (existsSync(folder) ? readdirSync(folder) : []).filter((name) =>
    name.endsWith(".json"),
  );
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as FlyMachine);
}

/** The machines that cost money now. */
export function flyMachines(world: Root): readonly FlyMachine[] {
  const there = containerIds(world);
  return everyFlyMachine(world).filter(({ id, destroyed }) => !destroyed && there.includes(id));
}

function docker(...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync("docker", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

function worldLabel({ root }: Root): string {
  return new Bun.CryptoHasher("sha256").update(flyState(root)).digest("hex").slice(0, 16);
}

function containerIds(world: Root): readonly string[] {
  const filter = `label=fake.fly=${worldLabel(world)}`;
  return docker("ps", "--all", "--filter", filter, "--format", '{{.Label "fake.id"}}').split("\n");
}

/** The container that is a machine. */
export const flyContainer = (world: Root, id: string): string => `fly-${worldLabel(world)}-${id}`;

/** Runs a script as root in a machine, past fly. */
export function inFlyMachine(world: Root, id: string, script: string): string {
  return docker("exec", "--user=root", flyContainer(world, id), "sh", "-c", script);
}

/** The host of a machine fails: it stops, and what lay in its memory is gone. */
export function stopFlyMachine(world: Root, id: string): void {
  inFlyMachine(world, id, "find /run -mindepth 1 -delete");
  docker("kill", flyContainer(world, id));
}

/** The host of a machine comes back: it starts again by itself, with the files that it was told to keep. */
export function restartFlyMachine(world: Root, id: string): void {
  stopFlyMachine(world, id);
  const app = everyFlyMachine(world).find((machine) => machine.id === id)?.app ?? FLY_APP;
  const { code, stderr } = fly(world, "machine", "start", id, "-a", app);
  if (code !== 0) throw new Error(stderr);
}

/** A machine ends because its memory is full. */
export function killForMemory(world: Root, id: string): void {
  setKnob(world, "oom", id);
  docker("kill", flyContainer(world, id));
}

/** Makes an image one that was pushed, without a build. @returns how it is called there */
export function pushedImage(world: Root, image: string, label: string): string {
  const ref = `registry.fly.io/${FLY_APP}:${label}`;
  docker("tag", image, ref);
  markPushed(world, ref);
  return ref;
}

/** Makes an image of the engine one that was pushed to the world's registry. */
export function markPushed({ root, user }: Root, ref: string): void {
  const folder = join(flyState(root), "pushed");
  const file = join(folder, encodeURIComponent(ref));
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, "");
  if (user === undefined) return;
  for (const path of [folder, file]) chownSync(path, user.uid, user.gid);
}

/** What was pushed. */
export function pushedImages({ root }: Root): readonly string[] {
  const folder = join(flyState(root), "pushed");
  return (existsSync(folder) ? readdirSync(folder) : []).map(decodeURIComponent);
}

// Links.

/** The processes of the consoles that are open. */
export function consoles({ root }: Root): readonly number[] {
  return readdirSync(join(flyState(root), "consoles"))
    .map(Number)
    .filter(isAlive);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills every open console outright, as a lost network or a newer agent does. @returns how many there were */
export function cutLinks(world: Root): number {
  const open = consoles(world);
  for (const pid of open) process.kill(pid, "SIGKILL");
  return open.length;
}

/** Ends what a world has left in the engine. @returns the machines that nobody had destroyed */
export function sweepFly(world: Root): readonly string[] {
  cutLinks(world);
  const left = flyMachines(world).map(({ name }) => name);
  const ids = docker("ps", "--all", "--quiet", "--filter", `label=fake.fly=${worldLabel(world)}`);
  if (ids !== "") docker("rm", "--force", ...ids.split("\n"));
  return left;
}
