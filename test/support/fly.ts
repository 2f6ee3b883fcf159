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

/** A world with the double of `fly`; all state is below its root. */
type Root = { readonly root: string; readonly user?: User | undefined };

/** The app of every account of the double. */
export const FLY_APP = "silo-test";

const DOUBLE = join(import.meta.dir, "../contract/doubles/flyio/fly");
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MUTAGEN_VERSION = "0.18.1";

/** The directory in which fly-tools.sh installs mutagen. */
export function mutagenFolder(): string {
  return `/var/tmp/silo-test-${process.getuid?.() ?? 0}/mutagen-${MUTAGEN_VERSION}`;
}

export const flyState = (root: string): string => join(root, "fly");

/** Installs the double of `fly` in a world. @returns further variables for the world's environment; none of them configures the double. */
export function playFly(root: string): Record<string, string> {
  const [bin, state] = [join(root, "bin"), flyState(root)];
  for (const folder of [bin, join(state, "knobs"), join(state, "apps"), join(state, "consoles")])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(state, "apps", FLY_APP), "");
  // The double's settings are in the wrapper, because silo and daemons start fly with a clean environment.
  const lines = [
    "#!/bin/sh",
    `export DOUBLE_STATE='${state}' DOUBLE_BUN='${process.execPath}'`,
    `exec '${DOUBLE}' "$@"`,
  ];
  writeFileSync(join(bin, "fly"), `${lines.join("\n")}\n`);
  chmodSync(join(bin, "fly"), 0o755);
  return { PATH: `${bin}:${mutagenFolder()}:${SYSTEM_PATH}` };
}

// Knobs. They take effect immediately, also for running commands.

export function setKnob({ root }: Root, name: string, content: string | number = ""): void {
  writeFileSync(join(flyState(root), "knobs", name), String(content));
}

export function clearKnob({ root }: Root, name: string): void {
  rmSync(join(flyState(root), "knobs", name), { force: true });
}

/** Sets a text that must not appear in arguments or machine configurations. */
export function setSecret({ root }: Root, secret: string): void {
  writeFileSync(join(flyState(root), "secret"), secret);
}

/** Place where the secret was found, if any. */
export function leaked({ root }: Root): string | undefined {
  const file = join(flyState(root), "leaked");
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

export type FlyCall = {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Names of the variables in its environment. */
  readonly env: readonly string[];
  /** Whether a variable's value contained the secret. */
  readonly secretInEnv: boolean;
  /** App configurations in its working directory. */
  readonly configs: readonly string[];
  readonly at: number;
  readonly pid: number;
};

/** All calls of `fly` so far, in order. */
export function flyCalls({ root }: Root): readonly FlyCall[] {
  const file = join(flyState(root), "calls.jsonl");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as FlyCall);
}

/** Runs the double directly. Its stdin is an empty pipe, because a console hangs on /dev/null. */
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

/** All machines that were ever launched, including destroyed ones. */
export function everyFlyMachine({ root }: Root): readonly FlyMachine[] {
  const folder = join(flyState(root), "machines");
  const files = (existsSync(folder) ? readdirSync(folder) : []).filter((name) =>
    name.endsWith(".json"),
  );
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as FlyMachine);
}

/** The machines that are not destroyed and so cost money. */
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

/** The container of a machine. */
export const flyContainer = (world: Root, id: string): string => `fly-${worldLabel(world)}-${id}`;

/** Runs a script as root in a machine, without fly. */
export function inFlyMachine(world: Root, id: string, script: string): string {
  return docker("exec", "--user=root", flyContainer(world, id), "sh", "-c", script);
}

/** Simulates a failure of a machine's host: the machine stops, and files in memory are lost. */
export function stopFlyMachine(world: Root, id: string): void {
  inFlyMachine(world, id, "find /run -mindepth 1 -delete");
  docker("kill", flyContainer(world, id));
}

/** Simulates the return of a machine's host: the machine starts again, with its persistent files. */
export function restartFlyMachine(world: Root, id: string): void {
  stopFlyMachine(world, id);
  const app = everyFlyMachine(world).find((machine) => machine.id === id)?.app ?? FLY_APP;
  const { code, stderr } = fly(world, "machine", "start", id, "-a", app);
  if (code !== 0) throw new Error(stderr);
}

/** Simulates a machine that runs out of memory. */
export function killForMemory(world: Root, id: string): void {
  setKnob(world, "oom", id);
  docker("kill", flyContainer(world, id));
}

/** Marks an image as pushed, without a build. @returns its name in the registry. */
export function pushedImage(world: Root, image: string, label: string): string {
  const ref = `registry.fly.io/${FLY_APP}:${label}`;
  docker("tag", image, ref);
  markPushed(world, ref);
  return ref;
}

/** Marks an image of the engine as pushed to the world's registry. */
export function markPushed({ root, user }: Root, ref: string): void {
  const folder = join(flyState(root), "pushed");
  const file = join(folder, encodeURIComponent(ref));
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, "");
  if (user === undefined) return;
  for (const path of [folder, file]) chownSync(path, user.uid, user.gid);
}

/** The pushed images. */
export function pushedImages({ root }: Root): readonly string[] {
  const folder = join(flyState(root), "pushed");
  return (existsSync(folder) ? readdirSync(folder) : []).map(decodeURIComponent);
}

// Links.

/** Process ids of the open consoles. */
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

/** Kills every open console with SIGKILL, as if the network were lost. @returns how many there were. */
export function cutLinks(world: Root): number {
  const open = consoles(world);
  for (const pid of open) process.kill(pid, "SIGKILL");
  return open.length;
}

/** Removes a world's containers from the engine. @returns the machines that were not destroyed. */
export function sweepFly(world: Root): readonly string[] {
  cutLinks(world);
  const left = flyMachines(world).map(({ name }) => name);
  const ids = docker("ps", "--all", "--quiet", "--filter", `label=fake.fly=${worldLabel(world)}`);
  if (ids !== "") docker("rm", "--force", ...ids.split("\n"));
  return left;
}
