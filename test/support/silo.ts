import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { randomUUID } from "node:crypto";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  FLY_APP,
  fly,
  flyContainer,
  flyMachines,
  mutagenFolder,
  playFly,
  pushedImage,
  sweepFly,
} from "./fly.ts";

/** The compiled binary: what people run is what is tested. */
export const SILO = join(import.meta.dir, "../../dist/silo");
export const BASE_IMAGE = "silo-test-base:latest";

/** A user that exists nowhere else, to see ids pass. */
export const TESTER = { name: "tester", uid: 12_345, gid: 12_345 };

/**
 * Codex replaced by a probe: `silo codex -- probe '<bash>'` runs a script in the guest with the whole
 * treatment of a tool. The real one stays installed as `codex-real`.
 */
const PROBE_HOOK = [
  "set -e",
  'tool="$(command -v codex)"',
  'mv "$tool" "$tool-real"',
  `printf '%s\\n' '#!/bin/bash' 'while [ $# -gt 0 ] && [ "$1" != probe ]; do shift; done' 'shift' 'exec bash -c "$@"' > "$tool"`,
  'chmod 755 "$tool"',
].join("\n");

/** The configuration of all tests: the local base image, and no toolchain that would have to be fetched. */
export const BASE_CONFIG = { image: { base: BASE_IMAGE, toolchains: [] } };
export const PROBE_CONFIG = {
  ...BASE_CONFIG,
  tools: { codex: { post_build_hooks: [PROBE_HOOK] } },
};

/** The backends whose behaviour is held by one table. Apple's command and Fly's are played by doubles, which execute. */
export const BACKENDS = ["docker", "container", "bwrap", "fly"] as const;
export type Backend = (typeof BACKENDS)[number];

const DOUBLES = join(import.meta.dir, "../contract/doubles");

export type World = {
  readonly backend: Backend;
  readonly root: string;
  readonly home: string;
  readonly project: string;
  readonly user: typeof TESTER | undefined;
  readonly env: Readonly<Record<string, string>>;
};

/**
 * A fresh home and project; `user` is who owns them and runs silo (root without one). The home's path is
 * always the same for a user, since it is part of the image: one build serves all tests.
 */
export function makeWorld(
  options: {
    config?: object;
    project?: string;
    user?: typeof TESTER;
    env?: Record<string, string>;
    backend?: Backend;
  } = {},
): World {
  const { user } = options;
  const root = join(tmpdir(), `silo-e2e-${user?.uid ?? 0}`);
  remove(root);
  const home = join(root, "home");
  const project = join(root, options.project ?? `p${randomUUID().slice(0, 8)}`);
  const backend = options.backend ?? "docker";
  const world: World = {
    backend,
    root,
    home,
    project,
    user,
    env: {
      PATH: SYSTEM_PATH,
      HOME: home,
      USER: user?.name ?? "root",
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      // Every image is of the versions named in the code, so that no test depends on the day.
      SILO_NO_VERSION_CHECK: "1",
      ...(backend === "container" ? playContainer(root) : {}),
      ...(backend === "bwrap" ? withoutEngines(root) : {}),
      ...(backend === "fly" ? withMachines(root) : {}),
      ...options.env,
    },
  };
  mkdirSync(join(home, ".config/silo"), { recursive: true });
  mkdirSync(project, { recursive: true });
  put(world, "home/.config/silo/silo.jsonc", JSON.stringify(options.config ?? PROBE_CONFIG));
  if (user !== undefined) spawnSync("chown", ["-R", `${user.uid}:${user.gid}`, root]);
  return world;
}

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A machine with the double on its PATH, where silo finds and prefers it. */
function playContainer(root: string): Record<string, string> {
  for (const name of ["bin", "state"]) mkdirSync(join(root, name), { recursive: true });
  symlinkSync(join(DOUBLES, "apple/container"), join(root, "bin/container"));
  return {
    PATH: `${root}/bin:${SYSTEM_PATH}`,
    DOUBLE_BUN: process.execPath,
    DOUBLE_STATE: join(root, "state"),
  };
}

/** A laptop with the double of `fly`, and a mutagen that every user can read. */
function withMachines(root: string): Record<string, string> {
  const env = playFly(root);
  for (const name of ["mutagen", "mutagen-agents.tar.gz"])
    copyFileSync(join(mutagenFolder(), name), join(root, "bin", name));
  return { ...env, FLY_APP };
}

/** A machine with everything but an engine, where silo finds bwrap by itself. */
function withoutEngines(root: string): Record<string, string> {
  const bin = join(root, "bin");
  mkdirSync(bin, { recursive: true });
  for (const directory of SYSTEM_PATH.split(":")) {
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      if (/^(docker|podman|container)/.test(name) || existsSync(join(bin, name))) continue;
      symlinkSync(join(directory, name), join(bin, name));
    }
  }
  return { PATH: bin };
}

/** Writes a file of the world, owned by its user. */
export function put(world: World, path: string, text: string): string {
  const full = join(world.root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  if (world.user !== undefined) {
    chownSync(dirname(full), world.user.uid, world.user.gid);
    chownSync(full, world.user.uid, world.user.gid);
  }
  return full;
}

export function destroyWorld({ root }: World): void {
  remove(root);
}

/** Out of the way at once, and deleted beside the tests: a tool with its packages can take minutes on a disk that discards. */
function remove(root: string): void {
  if (!existsSync(root)) return;
  const aside = join(tmpdir(), `silo-gone-${randomUUID()}`);
  renameSync(root, aside);
  spawn("rm", ["-rf", aside], { detached: true, stdio: "ignore" }).unref();
}

/** The command line that runs silo as the world's user. */
export function siloCommand(world: World, args: readonly string[]): [string, string[]] {
  const words = asked(world, args);
  if (world.user === undefined) return [SILO, words];
  const { uid, gid } = world.user;
  const groups = `--groups=${gid},${dockerGroup()}`;
  return ["setpriv", [`--reuid=${uid}`, `--regid=${gid}`, groups, "--", SILO, ...words]];
}

/** Fly is never chosen by itself. */
function asked({ backend }: World, args: readonly string[]): string[] {
  const [tool = "", ...rest] = args;
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const isRun = tool === "codex" || tool === "claude";
  if (backend !== "fly" || !isRun || own.includes("--backend")) return [...args];
  return [tool, "--backend", "fly", ...rest];
}

function dockerGroup(): string {
  return spawnSync("stat", ["-c", "%g", "/var/run/docker.sock"], {
    encoding: "utf8",
  }).stdout.trim();
}

export type Result = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs silo to its end without a terminal. */
export async function silo(
  world: World,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  const child = startSilo(world, args, options);
  return await finished(child, options.input ?? "");
}

/** Starts silo without a terminal. */
export function startSilo(
  world: World,
  args: readonly string[],
  options: RunOptions = {},
): ChildProcess {
  const [bin, argv] = siloCommand(world, args);
  return spawn(bin, argv, {
    cwd: options.cwd ?? world.project,
    env: { ...world.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** What a child printed, and its exit code (128 + n after a signal). */
export async function finished(
  child: ChildProcess,
  input: string | Uint8Array = "",
): Promise<Result> {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout?.on("data", (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => chunks.stderr.push(chunk));
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const code = await new Promise<number>((resolve) =>
    child.on("close", (exit, signal) =>
      resolve(exit ?? 128 + constants.signals[signal ?? "SIGKILL"]),
    ),
  );
  const text = (list: Buffer[]) => Buffer.concat(list).toString("utf8");
  const result = { code, stdout: text(chunks.stdout), stderr: text(chunks.stderr) };
  note(child.spawnargs, result);
  return result;
}

/** Keeps what every silo has said, for those who wonder why a test fails: `run.sh` shows the end of it. */
function note(argv: readonly string[], { code, stderr }: Result): void {
  const file = process.env["SILO_TEST_LOG"];
  if (file === undefined || stderr === "") return;
  const words = argv.slice(1).join(" ").slice(0, 120).replaceAll("\n", " ");
  appendFileSync(file, `${new Date().toISOString()} silo ${words}: ${code}\n${stderr}\n`);
}

/** `silo codex -- probe <script>`. */
export function probe(
  world: World,
  script: string,
  options: RunOptions & { flags?: string[]; args?: string[] } = {},
): Promise<Result> {
  return silo(
    world,
    ["codex", ...(options.flags ?? []), "--", "probe", script, ...(options.args ?? [])],
    options,
  );
}

/** Runs docker itself, to look at what silo did. */
export function docker(...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync("docker", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** Names of the containers of a project: all, or those with a status. */
export function containers(world: World, ...filters: string[]): string[] {
  return rows(world, filters).map(([name = ""]) => name);
}

/** Deletes what a test has left, and says what it was. */
export function sweepWorld(world: World): string[] {
  // An image that is missing must be built, never fetched from whoever has that name.
  if (existsSync(join(world.root, "state/pulls")))
    throw new Error("an image was asked of a registry");
  if (world.backend === "fly") {
    const idle = mutagenRuns(world) && forgotten(world) ? ["mutagen, without a machine"] : [];
    stopMutagen(world);
    return [...sweepFly(world), ...idle];
  }
  const left = rows(world, []);
  const ids = left.map(([, id = ""]) => id);
  if (world.backend === "bwrap") for (const id of ids) process.kill(Number(id), "SIGKILL");
  else if (left.length > 0) docker("rm", "-f", ...ids);
  return left.map(([name = ""]) => name);
}

const mutagenData = ({ home }: World) => join(home, ".local/state/silo/fly/mutagen");
const mutagenRuns = (world: World) => existsSync(join(mutagenData(world), "daemon/daemon.sock"));

/** Whether silo has no machine any more, as far as it knows. */
function forgotten({ home }: World): boolean {
  const folder = join(home, ".local/state/silo/fly/machines");
  return !existsSync(folder) || readdirSync(folder).length === 0;
}

/** Ends silo's own mutagen, which goes on as long as a machine does. */
function stopMutagen(world: World): void {
  if (!mutagenRuns(world)) return;
  spawnSync(join(world.root, "bin/mutagen"), ["daemon", "stop"], {
    env: { ...world.env, MUTAGEN_DATA_DIRECTORY: mutagenData(world) },
  });
}

/** Ends everything that a world runs, by force and past silo. */
export function killWorld(world: World): void {
  const ids = rows(world, ["status=running"]).map(([, id = ""]) => id);
  if (world.backend === "bwrap") for (const id of ids) process.kill(Number(id), "SIGKILL");
  else docker("kill", ...ids);
}

/** A container of somebody else, not started. */
export function makeForeign(world: World, name: string): void {
  if (world.backend === "docker") docker("create", "--name", name, BASE_IMAGE, "true");
  else if (world.backend === "fly") makeForeignMachine(world, name);
  else spawnSync("container", ["create", "--name", name, BASE_IMAGE, "true"], { env: world.env });
}

function makeForeignMachine(world: World, name: string): void {
  const image = pushedImage(world, BASE_IMAGE, "theirs");
  fly(world, "machine", "run", image, "-a", FLY_APP, "-n", name, "--detach", "--", "sleep", "600");
}

export function removeForeign(world: World, name: string): void {
  if (world.backend === "docker") docker("rm", "-f", name);
  else if (world.backend === "fly") sweepFly(world);
  else spawnSync("container", ["delete", "--force", name], { env: world.env });
}

/** What the engine has of a world: the name as silo knows it, and the engine's id. */
function rows(world: World, filters: readonly string[]): string[][] {
  if (world.backend === "bwrap") return sandboxes(world);
  if (world.backend === "fly") return machines(world, filters);
  const project = world.project.slice(world.root.length + 1);
  const [label, name] =
    world.backend === "docker"
      ? [`silo.project=${project}`, "{{.Names}}"]
      : [`fake.project=${project}`, '{{.Label "fake.id"}}'];
  const args = [`label=${label}`, ...filters].flatMap((filter) => ["--filter", filter]);
  const listed = docker("ps", "-a", ...args, "--format", `${name} {{.ID}}`);
  return listed === "" ? [] : listed.split("\n").map((line) => line.split(" "));
}

/** The machines that cost money, and their containers. */
function machines(world: World, filters: readonly string[]): string[][] {
  const up = (container: string) =>
    docker("inspect", "--format", "{{.State.Running}}", container) === "true";
  return flyMachines(world)
    .map(({ id, name }) => [name, flyContainer(world, id)] as const)
    .filter(([, container]) => filters.length === 0 || up(container))
    .map((row) => [...row]);
}

/** The sandboxes that run, by their files, and their processes. */
function sandboxes({ home }: World): string[][] {
  const folder = join(home, ".local/state/silo/bwrap");
  const files = (existsSync(folder) ? readdirSync(folder) : []).filter((name) =>
    name.endsWith(".json"),
  );
  const records = files.map(
    (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as { name: string; pid: number },
  );
  const runs = (pid: number) =>
    existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  return records.filter(({ pid }) => runs(pid)).map(({ name, pid }) => [name, String(pid)]);
}

/** Waits until something holds; fails loudly instead of waiting for ever. */
export async function eventually(
  what: string,
  holds: () => boolean,
  limitMs = 30_000,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
