/**
 * The state of the double of `fly` in one directory: `apps/`, `pushed/`, `machines/`, `names/`, `consoles/`, `knobs/`,
 * `calls.jsonl`; and the containers of its machines.
 */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

export const state = process.env["DOUBLE_STATE"] ?? "";
export const LABEL = "fake.fly";
/** Prefix of container names for this world, because they are global in Docker. */
export const worldOf = (folder: string) =>
  createHash("sha256").update(folder).digest("hex").slice(0, 16);
const world = worldOf(state);
export const containerOf = (id: string) => `fly-${world}-${id}`;

/** An error of the real command: the text, and further lines. */
export class Failure extends Error {
  readonly more: string;
  constructor(message: string, more = "") {
    super(message);
    this.more = more;
  }
}

/** The environment of docker itself, without fly's variables. */
export const ENGINE = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/nonexistent",
  DOCKER_BUILDKIT: "0",
};

export function docker(args: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync("docker", args, {
    env: ENGINE,
    encoding: "utf8",
    input,
    maxBuffer: 1 << 28,
  });
  return { code: status ?? 1, stdout, stderr };
}

// Knobs: a file's presence, and its content.

const knobFile = (name: string) => join(state, "knobs", name);

export function knob(name: string): string | undefined {
  try {
    return readFileSync(knobFile(name), "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Removes a knob atomically, so that only one of two concurrent calls gets it. */
export function takeKnob(name: string): string | undefined {
  const mine = `${knobFile(name)}.${process.pid}`;
  try {
    renameSync(knobFile(name), mine);
  } catch {
    return undefined;
  }
  const text = readFileSync(mine, "utf8").trim();
  rmSync(mine);
  return text;
}

/** Uses a knob. With a number in it, it works that many times; otherwise until it is removed. */
export function hits(name: string): boolean {
  const text = knob(name);
  if (text === undefined) return false;
  if (!/^\d+$/.test(text)) return true;
  const left = Number(takeKnob(name) ?? "0");
  if (left > 1) writeFileSync(knobFile(name), String(left - 1));
  return left > 0;
}

// Apps and images.

const encoded = (text: string) => encodeURIComponent(text);

export const appExists = (app: string) =>
  knob("app-missing") === undefined && existsSync(join(state, "apps", encoded(app)));

export function addApp(app: string): void {
  mkdirSync(join(state, "apps"), { recursive: true });
  writeFileSync(join(state, "apps", encoded(app)), "");
}

export const removeApp = (app: string) => rmSync(join(state, "apps", encoded(app)));

export const appNames = () =>
  existsSync(join(state, "apps")) ? readdirSync(join(state, "apps")).map(decodeURIComponent) : [];

export const isPushed = (ref: string) => existsSync(join(state, "pushed", encoded(ref)));

export function push(ref: string): void {
  mkdirSync(join(state, "pushed"), { recursive: true });
  writeFileSync(join(state, "pushed", encoded(ref)), "");
}

// Machines.

export type Config = {
  readonly env: Readonly<Record<string, string>>;
  readonly init: { readonly cmd?: readonly string[]; readonly entrypoint?: readonly string[] };
  readonly guest: { readonly cpu_kind: string; readonly cpus: number; readonly memory_mb: number };
  readonly metadata: Readonly<Record<string, string>>;
  readonly image: string;
  readonly restart: { readonly policy: string };
  readonly rootfs?: { readonly persist: string };
  readonly auto_destroy?: boolean;
  readonly [more: string]: unknown;
};

export type Machine = {
  readonly id: string;
  readonly name: string;
  readonly app: string;
  readonly region: string;
  readonly image: string;
  readonly digest: string;
  readonly instance: string;
  readonly ip: string;
  readonly created: string;
  readonly config: Config;
  readonly destroyed: boolean;
};

const machineFile = (id: string) => join(state, "machines", `${id}.json`);

export function saveMachine(machine: Machine): void {
  mkdirSync(join(state, "machines"), { recursive: true });
  // Written atomically, since other processes may read it at any time.
  const next = `${machineFile(machine.id)}.${process.pid}`;
  writeFileSync(next, JSON.stringify(machine));
  renameSync(next, machineFile(machine.id));
}

export function readMachine(id: string): Machine | undefined {
  if (!/^\w+$/.test(id) || !existsSync(machineFile(id))) return undefined;
  return JSON.parse(readFileSync(machineFile(id), "utf8")) as Machine;
}

export function machinesOf(app: string): readonly Machine[] {
  const folder = join(state, "machines");
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readMachine(name.slice(0, -5)) ?? [])
    .filter((machine) => machine.app === app);
}

const nameFile = (app: string, name: string) => join(state, "names", encoded(`${app}/${name}`));

/** Claims a name for a machine atomically, as Fly does. @returns the id of the machine that has the name already. */
export function reserveName(app: string, name: string, id: string): string | undefined {
  mkdirSync(join(state, "names"), { recursive: true });
  try {
    writeFileSync(nameFile(app, name), id, { flag: "wx" });
    return undefined;
  } catch {
    return readFileSync(nameFile(app, name), "utf8");
  }
}

export const freeName = (app: string, name: string) => rmSync(nameFile(app, name), { force: true });

export const newId = () => randomBytes(7).toString("hex");

/** A random id in the form of a ULID: 26 characters of Crockford's alphabet. */
export function newInstance(): string {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return `01${[...randomBytes(24)].map((byte) => alphabet[byte % 32]).join("")}`;
}

export type Live = {
  readonly state: string;
  readonly exit?: { readonly code: number; readonly oom: boolean; readonly at: string };
};

const WORDS: Readonly<Record<string, string>> = {
  created: "created",
  running: "started",
  paused: "suspended",
  restarting: "restarting",
  removing: "destroying",
};

type Inspected = {
  readonly Name: string;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly FinishedAt: string;
  };
};

function inspect(ids: readonly string[]): readonly Inspected[] {
  if (ids.length === 0) return [];
  const { stdout } = docker(["container", "inspect", ...ids.map(containerOf)]);
  return stdout.trim() === "" ? [] : (JSON.parse(stdout) as Inspected[]);
}

/** Updates the states of machines from their containers. */
export function liveOf(machines: readonly Machine[]): ReadonlyMap<string, Live> {
  const found = new Map(
    inspect(machines.map(({ id }) => id)).map((row) => [row.Name.slice(1), row]),
  );
  return new Map(
    machines.map((machine) => [machine.id, live(machine, found.get(containerOf(machine.id)))]),
  );
}

function live(machine: Machine, row: Inspected | undefined): Live {
  if (machine.destroyed || row === undefined) return { state: "destroyed" };
  const { Status, ExitCode, OOMKilled, FinishedAt } = row.State;
  const killed = knob("oom");
  if (killed === "" || killed === machine.id)
    return { state: "stopped", exit: { code: 137, oom: true, at: FinishedAt } };
  const word = WORDS[Status];
  if (word !== undefined) return { state: word };
  return { state: "stopped", exit: { code: ExitCode, oom: OOMKilled, at: FinishedAt } };
}

export const stateOf = (machine: Machine) =>
  liveOf([machine]).get(machine.id)?.state ?? "destroyed";

/** The mount for the knob `small-disk`: a directory with a size of one megabyte. */
function smallDisk(): readonly string[] {
  const folder = knob("small-disk");
  return folder === undefined ? [] : [`--tmpfs=${folder}:rw,exec,size=1m,mode=0777`];
}

/** Creates a new container of a machine from its image. */
export function boot(machine: Machine): void {
  const { config } = machine;
  const [program, ...first] = config.init.entrypoint ?? [];
  const env = {
    FLY_ALLOC_ID: machine.id,
    FLY_APP_NAME: machine.app,
    FLY_MACHINE_ID: machine.id,
    FLY_MACHINE_VERSION: machine.instance,
    FLY_PRIVATE_IP: machine.ip,
    FLY_PROCESS_GROUP: "",
    FLY_REGION: machine.region,
    PRIMARY_REGION: machine.region,
    FLY_VM_MEMORY_MB: String(config.guest.memory_mb),
    FLY_IMAGE_REF: machine.image,
    ...config.env,
  };
  const { code, stderr } = docker([
    "run",
    "--detach",
    "--init",
    `--name=${containerOf(machine.id)}`,
    `--hostname=${machine.id}`,
    `--label=${LABEL}=${world}`,
    `--label=fake.id=${machine.id}`,
    `--label=fake.app=${machine.app}`,
    // Root in a machine may mount, and has no seccomp filter.
    "--cap-add=SYS_ADMIN",
    "--security-opt=apparmor=unconfined",
    "--security-opt=seccomp=unconfined",
    "--shm-size=64m",
    ...smallDisk(),
    "--user=root",
    ...(program === undefined ? [] : [`--entrypoint=${program}`]),
    ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
    machine.image,
    ...first,
    ...(config.init.cmd ?? []),
  ]);
  // Docker keeps a container whose start failed.
  if (code !== 0) throw new Error(`the double's engine could not start a machine: ${stderr}`);
}

/** Starts a stopped machine. Its disk is kept only if it is persistent. */
export function start(machine: Machine): void {
  if (machine.config.rootfs?.persist === "always") {
    const { code, stderr } = docker(["start", containerOf(machine.id)]);
    if (code !== 0) throw new Error(`the double's engine could not start a machine: ${stderr}`);
    return;
  }
  docker(["rm", "--force", containerOf(machine.id)]);
  boot(machine);
}

/** Deletes the files that are in memory in a machine, but on disk in a container. */
export function forgetMemory(id: string): void {
  docker(["exec", "--user=root", containerOf(id), "find", "/run", "-mindepth", "1", "-delete"]);
}

export function destroy(machine: Machine): void {
  docker(["rm", "--force", containerOf(machine.id)]);
  saveMachine({ ...machine, destroyed: true });
  freeName(machine.app, machine.name);
}
