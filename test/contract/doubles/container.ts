/**
 * A strict double of Apple's `container` command (the grammar is in container-grammar.ts). It refuses everything that
 * the selected version does not support, has its errors, and runs containers on the real Docker engine.
 *
 * DOUBLE_STATE    directory of its state: `calls.jsonl`, `pulls`, `builder.json`, `recreated`, `down`, `containers/`
 * FAKE_CONTAINER_VERSION   0.9.0 | 0.12.3 | 1.0.0 | 1.2.2
 * FAKE_CONTAINER_DOWN=1, or a file `down`   the service is not running
 * DOUBLE_SECRET   a text that must not be in an argument
 */
import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parse, since, Usage, type Parsed } from "./container-grammar.ts";
import {
  CAPABILITIES,
  capabilitiesOf,
  environmentOf,
  Failure,
  idOf,
  labelsOf,
  memoryOf,
  mountOf,
  portsOf,
  volumeOf,
} from "./container-specs.ts";

const state = process.env["DOUBLE_STATE"] ?? "";
const version = process.env["FAKE_CONTAINER_VERSION"] ?? "1.2.2";
const v = (least: string) => since(version, least);
const argv = process.argv.slice(2);

/** The environment of docker itself, without the variables for the guest. */
const ENGINE = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", DOCKER_BUILDKIT: "0" };

function docker(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync("docker", args, {
    env: ENGINE,
    encoding: "utf8",
  });
  return { code: status ?? 1, stdout, stderr };
}

function end(code: number, stderr = "", stdout = ""): never {
  process.stdout.write(stdout);
  process.stderr.write(stderr === "" ? "" : `${stderr}\n`);
  process.exit(code);
}

const one = (parsed: Parsed, name: string) => parsed.options.get(name)?.at(-1);
const all = (parsed: Parsed, name: string) => parsed.options.get(name) ?? [];
const flag = (parsed: Parsed, name: string) => parsed.options.has(name);

function needsService(): void {
  if (process.env["FAKE_CONTAINER_DOWN"] !== "1" && !existsSync(join(state, "down"))) return;
  end(
    1,
    'Error: interrupted: "internalError: XPC connection error: Connection invalid"\nEnsure container system service has been started with `container system start`.',
  );
}

type Conf = {
  id: string;
  image: { reference: string };
  labels: Record<string, string>;
  resources: { cpus: number; memoryInBytes: number };
  initProcess: { executable: string; arguments: string[]; environment: string[] };
  [more: string]: unknown;
};

const WORLD = `fake.world=${Buffer.from(state).toString("base64url")}`;
/** Container names are prefixed, because they are global in Docker. */
const engineName = (id: string) =>
  `apple-${Buffer.from(state).toString("base64url").slice(-12)}-${id}`;
const file = (id: string) => join(state, "containers", `${id}.json`);

type Known = { readonly conf: Conf; readonly status: string; readonly started: string | undefined };

function known(): readonly Known[] {
  const { stdout } = docker([
    "ps",
    "--all",
    "--filter",
    `label=${WORLD}`,
    "--format",
    '{{.Label "fake.id"}} {{.State}}',
  ]);
  const rows = stdout.split("\n").filter((line) => line !== "");
  const found = rows.flatMap((line) => {
    const [id = "", engineState = ""] = line.split(" ");
    if (!existsSync(file(id))) return [];
    const conf = JSON.parse(readFileSync(file(id), "utf8")) as Conf;
    const words: Record<string, string> = { running: "running", removing: "stopping" };
    const status = words[engineState] ?? "stopped";
    return [{ conf, status, started: status === "running" ? "2026-08-07T10:00:00Z" : undefined }];
  });
  return builder() === undefined
    ? found
    : [...found, { conf: builderConf(), status: "running", started: undefined }];
}

type Builder = { cpus: number; memory: number; colours: string };

function builder(): Builder | undefined {
  const path = join(state, "builder.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Builder) : undefined;
}

function builderConf(): Conf {
  const { cpus, memory } = builder() ?? { cpus: 2, memory: 2048 * 1024 ** 2 };
  return {
    id: "buildkit",
    image: { reference: "ghcr.io/apple/container-builder-shim/builder:0.7.0" },
    labels: {},
    resources: { cpus, memoryInBytes: memory },
    initProcess: {
      executable: "/usr/local/bin/container-builder-shim",
      arguments: [],
      environment: [],
    },
  };
}

/** A row of the list; `status` is an object since 1.0. */
function rowOf({ conf, status, started }: Known): object {
  const dated = v("1.0") ? { ...conf, creationDate: "2026-08-07T10:00:00Z" } : conf;
  if (v("1.0"))
    return {
      id: conf.id,
      configuration: dated,
      status: {
        state: status,
        networks: [],
        ...(started === undefined ? {} : { startedDate: started }),
      },
    };
  return {
    configuration: dated,
    status,
    networks: [],
    ...(started === undefined ? {} : { startedDate: 807_789_600 }),
  };
}

function list(parsed: Parsed): never {
  const rows = known().filter(({ status }) => flag(parsed, "--all") || status === "running");
  if (flag(parsed, "--quiet")) end(0, "", rows.map(({ conf }) => `${conf.id}\n`).join(""));
  const format = one(parsed, "--format") ?? "table";
  if (format === "json") end(0, "", `${JSON.stringify(rows.map(rowOf))}\n`);
  end(
    0,
    "",
    `ID IMAGE STATE\n${rows.map(({ conf, status }) => `${conf.id} ${conf.image.reference} ${status}\n`).join("")}`,
  );
}

/** The arguments of a run, validated like in the real command. */
function specOf(parsed: Parsed) {
  const [image = "", ...command] = parsed.words;
  if (image === "")
    throw new Usage(
      "Error: Missing expected argument '<image>'\nUsage: container run [<options>] <image> [<arguments> ...]",
    );
  const cpus = Number(one(parsed, "--cpus") ?? "4");
  if (!Number.isInteger(cpus))
    throw new Usage(`Error: The value '${one(parsed, "--cpus")}' is invalid for '--cpus <cpus>'`);
  const id = idOf(one(parsed, "--name") ?? crypto.randomUUID(), v("1.2.0"));
  return {
    id,
    image,
    command,
    cpus,
    memory: memoryOf(one(parsed, "--memory") ?? "1G"),
    labels: labelsOf(all(parsed, "--label")),
    mounts: [...all(parsed, "--mount").map(mountOf), ...all(parsed, "--volume").map(volumeOf)],
    ports: portsOf(all(parsed, "--publish")),
    env: [
      ...environmentOf(all(parsed, "--env"), process.env),
      ...environmentOf(all(parsed, "--env-file").flatMap(envLines), process.env),
    ],
    add: capabilitiesOf(all(parsed, "--cap-add")),
    drop: capabilitiesOf(all(parsed, "--cap-drop")),
    user: one(parsed, "--user") ?? "0:0",
    workdir: one(parsed, "--workdir") ?? "/",
    tty: flag(parsed, "--tty"),
    interactive: flag(parsed, "--interactive"),
    init: flag(parsed, "--init"),
    remove: flag(parsed, "--rm"),
  };
}

/** Reads an env file here, because it may be a descriptor of this process. */
function envLines(path: string): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

type Spec = ReturnType<typeof specOf>;

/** Capabilities that are not granted: a nested container lacks some, and old engines do not know new ones. */
const NOT_HERE = ["ALL", "BPF", "CHECKPOINT_RESTORE", "PERFMON", "SYS_RESOURCE"];
const EVERY = CAPABILITIES.filter((name) => !NOT_HERE.includes(name)).map(
  (name) => `--cap-add=${name}`,
);

/** The default capabilities: since 0.12 the same as Docker's, before all of them. */
function capabilities({ add, drop }: Spec): readonly string[] {
  if (!v("0.12") || add.includes("ALL")) return EVERY;
  return [...drop.map((name) => `--cap-drop=${name}`), ...add.map((name) => `--cap-add=${name}`)];
}

const csv = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function createArgs(spec: Spec): readonly string[] {
  const open = spec.add.includes("ALL")
    ? ["--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined"]
    : [];
  return [
    "create",
    `--name=${engineName(spec.id)}`,
    `--hostname=${spec.id}`,
    `--label=${WORLD}`,
    `--label=fake.id=${spec.id}`,
    `--label=fake.project=${spec.labels["silo.project"] ?? ""}`,
    ...(spec.remove ? ["--rm"] : []),
    ...(spec.interactive ? ["--interactive"] : []),
    ...(spec.tty ? ["--tty"] : []),
    ...(spec.init ? ["--init"] : []),
    ...capabilities(spec),
    ...open,
    `--user=${spec.user}`,
    `--workdir=${spec.workdir}`,
    ...spec.mounts.flatMap(({ source, target, readonly }) => [
      "--mount",
      ["type=bind", `source=${source}`, `target=${target}`, ...(readonly ? ["readonly"] : [])]
        .map(csv)
        .join(","),
    ]),
    ...spec.ports.map(
      ({ address, host, guest, proto }) => `--publish=${address}:${host}:${guest}/${proto}`,
    ),
    ...spec.env.flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    spec.image,
    ...spec.command,
  ];
}

function confOf(spec: Spec): Conf {
  return {
    id: spec.id,
    image: { reference: spec.image },
    labels: spec.labels,
    mounts: spec.mounts.map(({ source, target }) => ({
      type: { virtiofs: {} },
      source,
      destination: target,
      options: [],
    })),
    resources: { cpus: spec.cpus, memoryInBytes: spec.memory },
    initProcess: {
      executable: spec.command[0] ?? "",
      arguments: spec.command.slice(1),
      environment: spec.env.map(([name, value]) => `${name}=${value}`),
    },
    capAdd: spec.add,
    capDrop: spec.drop,
  };
}

function create(spec: Spec): void {
  if (docker(["image", "inspect", spec.image]).code !== 0) {
    appendFileSync(join(state, "pulls"), `${spec.image}\n`);
    throw new Failure(`notFound: "docker.io/library/${spec.image}: not found in the registry"`);
  }
  if (known().some(({ conf }) => conf.id === spec.id))
    throw new Failure(`exists: "container with id ${spec.id} already exists"`);
  mkdirSync(join(state, "containers"), { recursive: true });
  const made = docker(createArgs(spec));
  if (/is already in use by container/.test(made.stderr))
    throw new Failure(`exists: "container with id ${spec.id} already exists"`);
  if (made.code !== 0)
    throw new Failure(
      `internalError: "failed to create container" (cause: "${made.stderr.trim()}")`,
    );
  writeFileSync(file(spec.id), JSON.stringify(confOf(spec)));
}

async function run(parsed: Parsed): Promise<never> {
  const spec = specOf(parsed);
  if (flag(parsed, "--detach"))
    throw new Failure('unsupported: "the double runs in the foreground alone"');
  if (spec.tty && spec.interactive && !process.stdin.isTTY)
    throw new Failure('internalError: "failed to set up the terminal"');
  create(spec);
  const child = spawn(
    "docker",
    [
      "start",
      "--attach",
      "--interactive",
      "--detach-keys=ctrl-^,ctrl-],ctrl-^,ctrl-]",
      engineName(spec.id),
    ],
    {
      env: ENGINE,
      stdio: ["inherit", "inherit", "pipe"],
      // Signals of the terminal reach the guest only by the terminal itself.
      detached: false,
    },
  );
  let engineSaid = "";
  child.stderr.on("data", (chunk: Buffer) => {
    if (/^Error response from daemon|^Error: failed to start/.test(chunk.toString()))
      engineSaid += chunk.toString();
    else process.stderr.write(chunk);
  });
  const gone = (signal: NodeJS.Signals) => {
    // The client exits, and the VM keeps running.
    child.kill("SIGKILL");
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"] as const)
    process.on(signal, () =>
      spec.tty ? (signal === "SIGINT" ? undefined : gone(signal)) : child.kill(signal),
    );
  process.on("SIGHUP", () => gone("SIGHUP"));
  const code = await new Promise<number>((resolve) =>
    child.on("close", (exit, signal) =>
      resolve(exit ?? 128 + constants.signals[signal ?? "SIGKILL"]),
    ),
  );
  if (engineSaid !== "") {
    docker(["rm", "--force", engineName(spec.id)]);
    const why = /port is already allocated|address already in use/.test(engineSaid)
      ? 'unknown: "bind(descriptor:ptr:bytes:): Address already in use) (errno: 48)"'
      : `internalError: "failed to start container" (cause: "${engineSaid.trim()}")`;
    throw new Failure(why);
  }
  if (spec.remove) rmSync(file(spec.id), { force: true });
  process.exit(code);
}

/** Converts a line of the engine's build log to BuildKit's format; lines without an equivalent are dropped. */
function asBuildkit(line: string): string {
  if (/^(DEPRECATED: | {12}\S|Sending build context|Successfully (built|tagged) )/.test(line))
    return "";
  const [, step, total, text] = /^Step (\d+)\/(\d+) : (.*)$/.exec(line) ?? [];
  if (step !== undefined) return `#${step} [${step}/${total}] ${text}\n`;
  const base = /Get "https?:/.test(line)
    ? "ERROR: failed to resolve source metadata: failed to do request\n"
    : "";
  return `#9 0.1 ${line}\n${base}`;
}

async function build(parsed: Parsed): Promise<never> {
  const folder = parsed.words[0] ?? ".";
  const tags = all(parsed, "--tag");
  const path = one(parsed, "--file") ?? join(folder, "Dockerfile");
  if (!existsSync(folder)) throw new Usage(`Error: context dir does not exist ${folder}`);
  for (const tag of tags)
    if (!/^[a-z0-9][\w./:-]*$/.test(tag)) throw new Usage(`Error: invalid reference ${tag}`);
  if (!existsSync(path)) throw new Usage(`Error: dockerfile does not exist ${path}`);
  if (!["auto", "plain", "tty"].includes(one(parsed, "--progress") ?? "auto"))
    throw new Usage(
      `Error: The value '${one(parsed, "--progress")}' is invalid for '--progress <progress>'`,
    );
  needsService();
  const size = statSync(path).size;
  if (size >= 16_384)
    throw new Failure(
      v("1.0")
        ? `invalidArgument: "Dockerfile size (${size} bytes) exceeds the maximum allowed size of 16384 bytes. See https://github.com/apple/container/issues/735."`
        : "unavailable (14): Transport became inactive",
    );
  const wanted: Builder = {
    cpus: Number(one(parsed, "--cpus") ?? "2"),
    memory: memoryOf(one(parsed, "--memory") ?? "2048MB"),
    colours: `${process.env["NO_COLOR"] ?? ""} ${process.env["BUILDKIT_COLORS"] ?? ""}`,
  };
  const now = builder();
  if (now !== undefined && JSON.stringify(now) !== JSON.stringify(wanted))
    appendFileSync(join(state, "recreated"), "x\n");
  writeFileSync(join(state, "builder.json"), JSON.stringify(wanted));
  const labels = Object.entries(labelsOf(all(parsed, "--label"))).map(
    ([key, value]) => `--label=${key}=${value}`,
  );
  const child = spawn(
    "docker",
    [
      "build",
      "--force-rm",
      ...(flag(parsed, "--no-cache") ? ["--no-cache"] : []),
      ...all(parsed, "--build-arg").map((arg) => `--build-arg=${arg}`),
      ...labels,
      ...tags.map((tag) => `--tag=${tag}`),
      "-",
    ],
    { env: ENGINE, stdio: ["pipe", "pipe", "pipe"] },
  );
  child.stdin.end(readFileSync(path, "utf8"));
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => process.stderr.write(asBuildkit(line)));
  const code = await new Promise<number>((resolve) =>
    child.on("close", (exit) => resolve(exit ?? 1)),
  );
  if (code !== 0)
    throw new Failure('unknown: "failed to solve: process did not complete successfully"');
  end(0, "", tags.map((tag) => (v("1.0") ? `${tag}\n` : `Successfully built ${tag}\n`)).join(""));
}

type EngineImage = {
  Id: string;
  RepoTags: string[];
  Size: number;
  Created: string;
  Os: string;
  Architecture: string;
  Config: object;
};

function imageRow(image: EngineImage): object {
  const platform = { os: image.Os, architecture: image.Architecture };
  const name = image.RepoTags[0] ?? "";
  const variant = {
    platform,
    digest: image.Id,
    size: image.Size,
    config: { ...platform, config: image.Config },
  };
  const descriptor = {
    digest: image.Id,
    mediaType: "application/vnd.oci.image.index.v1+json",
    size: 1,
  };
  return v("1.0")
    ? {
        id: image.Id.slice(7),
        configuration: { name, creationDate: image.Created, descriptor },
        variants: [variant],
      }
    : {
        name,
        index: descriptor,
        variants: [{ platform, size: image.Size, config: variant.config }],
      };
}

function inspectImages(names: readonly string[]): readonly EngineImage[] {
  return names.length === 0
    ? []
    : (JSON.parse(docker(["image", "inspect", ...names]).stdout) as EngineImage[]);
}

function imageInspect({ words }: Parsed): never {
  if (words.length === 0) throw new Usage("Error: Missing expected argument '<images> ...'");
  const [there, missing] = [true, false].map((wanted) =>
    words.filter((name) => (docker(["image", "inspect", name]).code === 0) === wanted),
  );
  if (v("1.0") && (missing ?? []).length > 0)
    throw new Failure(`notFound: "image not found: ${missing?.join(", ")}"`);
  for (const name of missing ?? []) process.stderr.write(`error: Image not found: ${name}\n`);
  end(0, "", `${JSON.stringify(inspectImages(there ?? []).map(imageRow), undefined, 2)}\n`);
}

function imageList(parsed: Parsed): never {
  if (flag(parsed, "--verbose") && flag(parsed, "--quiet"))
    throw new Usage("Error: Cannot use flag --quiet and --verbose together");
  const { stdout } = docker([
    "image",
    "ls",
    "--filter",
    "label=silo.managed=1",
    "--format",
    "{{.Repository}}:{{.Tag}}",
  ]);
  const names = stdout.split("\n").filter((name) => name !== "" && !name.includes("<none>"));
  if (one(parsed, "--format") === "json")
    end(0, "", `${JSON.stringify(inspectImages(names).map(imageRow))}\n`);
  end(0, "", names.map((name) => `${name}\n`).join(""));
}

function imageDelete({ words, options }: Parsed): never {
  if (words.length === 0) throw new Failure('invalidArgument: "no image specified"');
  const there = words.filter((name) => docker(["image", "inspect", name]).code === 0);
  for (const name of there) docker(["image", "rm", "--force", name]);
  const failed = words.filter((name) => !there.includes(name));
  if (failed.length > 0 && !options.has("--force"))
    throw new Failure(
      `internalError: "failed to delete one or more images: ${JSON.stringify(failed)}"`,
    );
  end(0, "", words.map((name) => `${name}\n`).join(""));
}

function remove(parsed: Parsed): never {
  const ids = [...new Set(parsed.words)];
  if (ids.length === 0)
    throw new Failure('invalidArgument: "no containers specified and --all not supplied"');
  const there = known();
  const found = ids.filter((id) => there.some(({ conf }) => conf.id === id));
  const missing = ids.filter((id) => !found.includes(id));
  if (missing.length > 0 && !v("1.0"))
    throw new Failure(
      `notFound: "failed to delete one or more containers: ${JSON.stringify(missing)}"`,
    );
  for (const id of found) {
    const running = there.some(({ conf, status }) => conf.id === id && status === "running");
    if (running && !flag(parsed, "--force"))
      throw new Failure(`invalidState: "container ${id} is running and can not be deleted"`);
    const gone = docker(["rm", "--force", engineName(id)]);
    if (gone.code !== 0 && !/No such container|already in progress/.test(gone.stderr))
      throw new Failure(
        `internalError: "failed to delete container" (cause: "${gone.stderr.trim()}")`,
      );
    rmSync(file(id), { force: true });
    process.stdout.write(`${id}\n`);
  }
  if (missing.length > 0)
    throw new Failure(
      `notFound: "failed to delete one or more containers: ${JSON.stringify(missing)}"`,
    );
  process.exit(0);
}

function kill(parsed: Parsed): never {
  for (const id of parsed.words) {
    const found = known().find(({ conf }) => conf.id === id);
    if (found === undefined) throw new Failure(`notFound: "container with ID ${id} not found"`);
    const { code, stderr } = docker([
      "kill",
      `--signal=${one(parsed, "--signal") ?? "KILL"}`,
      engineName(id),
    ]);
    if (code !== 0)
      throw new Failure(
        `invalidState: "container ${id} is not running" (cause: "${stderr.trim()}")`,
      );
    process.stdout.write(`${id}\n`);
  }
  process.exit(0);
}

async function exec(parsed: Parsed): Promise<never> {
  const [id = "", ...command] = parsed.words;
  if (id === "" || command.length === 0)
    throw new Usage(
      "Error: Missing expected argument '<arguments> ...'\nUsage: container exec [<options>] <container-id> <arguments> ...",
    );
  const found = known().find(({ conf }) => conf.id === id);
  if (found === undefined) throw new Failure(`notFound: "container with ID ${id} not found"`);
  if (found.status !== "running")
    throw new Failure(`invalidState: "container ${id} is not running"`);
  const user = one(parsed, "--user");
  const child = spawn(
    "docker",
    [
      "exec",
      ...(flag(parsed, "--interactive") ? ["--interactive"] : []),
      ...(flag(parsed, "--tty") ? ["--tty"] : []),
      ...(user === undefined ? [] : [`--user=${user}`]),
      ...environmentOf(all(parsed, "--env"), process.env).flatMap(([name, value]) => [
        "--env",
        `${name}=${value}`,
      ]),
      engineName(id),
      ...command,
    ],
    { env: ENGINE, stdio: "inherit" },
  );
  process.exit(
    await new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? 1))),
  );
}

function systemStatus(): never {
  const down = process.env["FAKE_CONTAINER_DOWN"] === "1" || existsSync(join(state, "down"));
  if (down) end(1, "", "apiserver is not running and not registered with launchd\n");
  end(0, "", v("0.12") ? "FIELD VALUE\nstatus running\n" : "apiserver is running\n");
}

const COMMANDS: Readonly<Record<string, (parsed: Parsed) => never | Promise<never>>> = {
  run,
  exec,
  create: (parsed) => {
    const spec = specOf(parsed);
    create(spec);
    end(0, "", `${spec.id}\n`);
  },
  build,
  list,
  kill,
  delete: remove,
  "image inspect": imageInspect,
  "image list": imageList,
  "image delete": imageDelete,
  "builder status": () =>
    end(
      0,
      "",
      `${JSON.stringify(builder() === undefined ? [] : [rowOf({ conf: builderConf(), status: "running", started: undefined })])}\n`,
    ),
  "system status": systemStatus,
  "system start": () => {
    rmSync(join(state, "down"), { force: true });
    end(0, "Verifying apiserver is running...");
  },
};

const secret = process.env["DOUBLE_SECRET"];
const leak = secret !== undefined && argv.join("\0").includes(secret);
appendFileSync(join(state, "calls.jsonl"), `${JSON.stringify({ argv, leak })}\n`);
if (argv[0] === "--version")
  end(0, "", `container CLI version ${version} (build: release, commit: abcdef0)\n`);
try {
  const parsed = parse(argv, version);
  const play = COMMANDS[parsed.command];
  if (play === undefined)
    throw new Failure(`unsupported: "the double does not play ${parsed.command}"`);
  if (!["build", "system status", "system start"].includes(parsed.command)) needsService();
  await play(parsed);
} catch (error) {
  if (error instanceof Usage) end(64, error.message);
  if (error instanceof Failure) end(1, `Error: ${error.message}`);
  throw error;
}
