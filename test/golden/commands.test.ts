import { expect, test } from "bun:test";
import type { HostView, Prefix } from "../../src/backends/bwrap/args.ts";
import { buildCommands as bwrapBuilds } from "../../src/backends/bwrap/build.ts";
import { LIKELY } from "../../src/backends/bwrap/features.ts";
import { launchCommand } from "../../src/backends/bwrap/launch.ts";
import { runCommand as bwrapRun } from "../../src/backends/bwrap/run.ts";
import { buildCommand as containerBuild } from "../../src/backends/container/build.ts";
import { runCommand as containerRun } from "../../src/backends/container/run.ts";
import { attachArgs, execArgs as dockerExec, startsOf } from "../../src/backends/docker/args.ts";
import { dialectOf } from "../../src/backends/docker/dialect.ts";
import { IMAGES_ARGS } from "../../src/backends/docker/images.ts";
import { LIST, NAMES } from "../../src/backends/docker/query.ts";
import { execArgs as containerExec, LIST_ARGS } from "../../src/backends/container/args.ts";
import { buildCommand as dockerBuild } from "../../src/backends/docker/build.ts";
import { runCommand as dockerRun } from "../../src/backends/docker/run.ts";
import type { DockerSettings } from "../../src/backends/docker/settings.ts";
import { LAYER } from "../../src/backends/remote/link/guest.ts";
import { previewRun as flyCommands } from "../../src/backends/fly/preview.ts";
import { enterCommand } from "../../src/core/guest/enter.ts";
import { withEngine, withLinks } from "../../src/core/guest/perl.ts";
import { showCommand } from "../../src/core/text/quote.ts";
import type { BackendName, RunPlan } from "../../src/core/types.ts";
import type { Cmd } from "../../src/runtime/command.ts";
import { TOOLS } from "../../src/tools/index.ts";
import { held } from "../support/held.ts";
import { planOf, type Setting } from "../support/plan.ts";

// The exact commands of every backend for every tool. They are the same on every machine, because the facts about the
// host are fixed here.

const SESSION = { id: "0123456789abcdef", name: "app-1" };

/** A configuration with every setting that adds an argument. */
const ALL_SETTINGS: Setting = {
  config: {
    image: { toolchains: ["docker"] },
    mounts_ro: ["/srv/data,1", "/srv/notes.json"],
    caches: ["npm"],
    env: ["KEY=s3cret", "DOCKER_HOST=s3cret", "HTTPS_PROXY=s3cret"],
    ports: ["8080:80", "[::1]:53:53/udp"],
    pre_run_hooks: ["true"],
    post_build_hooks: ["true"],
  },
  args: ["a b"],
  keep: true,
};

/** A plan with checked mounts, as in a run. */
function checked(plan: RunPlan): RunPlan {
  return { ...plan, mounts: plan.mounts.map((mount, i) => ({ ...mount, id: `1:${i}` })) };
}

const DOCKER: DockerSettings = {
  command: "docker",
  cpus: undefined,
  memory: "6144m",
  processes: 4096,
  log: false,
  coreDumps: false,
  socket: undefined,
  keep: false,
  runtime: undefined,
  seccomp: "/home/ada/.cache/silo/seccomp-0.json",
  inhabitant: "user",
};
const DOCKER_ALL: DockerSettings = {
  ...DOCKER,
  cpus: 2,
  socket: { path: "/var/run/docker.sock", gid: 999 },
  runtime: "kata",
};

const VIEW: HostView = {
  bwrap: "/usr/bin/bwrap",
  perl: "/usr/bin/perl",
  arch: "x64",
  version: "1",
  system: [
    { path: "/usr", link: undefined },
    { path: "/bin", link: "usr/bin" },
    { path: "/lib64", link: "usr/lib64" },
  ],
  etc: ["/etc/hosts", "/etc/ssl"],
  hidden: { files: ["/proc/kcore"], directories: ["/proc/acpi"] },
};
const PREFIX: Prefix = {
  root: "/home/ada/.cache/silo/bwrap/silo-tool-0",
  runtime: undefined,
  features: { ...LIKELY, filter: "00" },
};
const PREFIX_ALL: Prefix = {
  ...PREFIX,
  runtime: "/usr/local/bin/silo",
  features: { ...PREFIX.features, noNamespaces: true, descriptors: true },
};
const USER_LIMIT = { busctl: "/usr/bin/busctl", runtime: "/run/user/1000" };

type Shown = { readonly fetch?: Cmd; readonly build: Cmd; readonly run: Cmd };
type Commands = (plan: RunPlan, all: boolean) => Shown | Promise<Shown>;

function docker(command: string, inhabitant: "root" | "user" = "user"): Commands {
  return (plan, all) => {
    const settings = { ...(all ? DOCKER_ALL : DOCKER), command, inhabitant };
    return {
      build: dockerBuild(plan.image, settings, { fresh: all, buildkit: command === "docker" }),
      run: dockerRun(plan, SESSION, settings, all ? "/proc/self/fd/3" : undefined),
    };
  };
}

const container: Commands = (plan, all) => ({
  build: containerBuild(plan.image, "/tmp/silo-build-0", { cpus: 4, memoryMb: 4096, fresh: all }),
  run: containerRun(
    plan,
    SESSION,
    { cpus: 8, memory: "13107M", arch: "arm64", engine: all },
    {
      version: all ? "0.9.0" : "1.2.2",
      state: "/home/ada/.local/state",
      envFile: all ? "/dev/fd/3" : undefined,
    },
  ),
});

const bwrap: Commands = (plan, all) => {
  const prefix = all ? PREFIX_ALL : PREFIX;
  const env = all ? { NPM_TOKEN: "s3cret", NO_PROXY: "localhost" } : {};
  const files = all ? ["/home/ada/.npmrc"] : [];
  const { fetch, rest } = bwrapBuilds(plan.image, VIEW, prefix, { env, files, pid: 1 });
  const memory = {
    most: all ? "1073741824" : "75%",
    tasks: 4112,
    must: all,
    ...(plan.user.uid === 0
      ? { cgroup: "/sys/fs/cgroup", systemd: undefined }
      : { cgroup: undefined, systemd: USER_LIMIT }),
  };
  const surroundings = {
    view: VIEW,
    state: "/home/ada/.local/state",
    cache: "/home/ada/.cache",
    limits: { memory: undefined, processes: 4096, tmp: all ? 1024 ** 3 : undefined },
    memory,
  };
  return { fetch, build: rest, run: bwrapRun(plan, SESSION, surroundings, prefix) };
};

const fly: Commands = (plan) =>
  Promise.resolve(
    flyCommands(
      plan,
      SESSION,
      { app: "acme", region: "fra", cpus: 4, memoryMb: 8192 },
      "/home/ada/.local/state/silo/fly",
    ),
  );

/** Programs in the commands that have their own tests; they are replaced by placeholders. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  [enterCommand({ mounts: [], bootId: "" }, [], { processes: 1, prlimit: 1 })[3] ?? "", "@enter"],
  [withLinks([{ path: "", copy: "" }], [])[2] ?? "", "@links"],
  [withEngine({ uid: 0, gid: 0 }, [])[2] ?? "", "@engine"],
  ...[0, 1000].flatMap((uid) =>
    [undefined, { most: "", tasks: 1, must: false, cgroup: undefined, systemd: undefined }].map(
      (memory) => {
        const program = launchCommand(VIEW, uid, {
          args: [],
          inside: {},
          name: "",
          features: LIKELY,
          workdir: "/",
          tty: false,
          ignoreSigint: false,
          memory,
        }).args[2];
        const parts = [...(memory === undefined ? [] : ["limits"]), ...(uid === 0 ? ["user"] : [])];
        return [program ?? "", ["@launch", ...parts, "bwrap"].join("+")] as const;
      },
    ),
  ),
]);

/** The program that runs install scripts of packages, quoted in a build's script. */
const INSTALL_SCRIPTS = /const \{ existsSync, [^]*?process\.exitCode = 1;/g;

function shown(cmd: Cmd): readonly string[] {
  const args = cmd.args.map(
    (word) => PROGRAMS.get(word) ?? word.replaceAll(INSTALL_SCRIPTS, "@install-scripts"),
  );
  const extras = [
    cmd.cleanEnv === true ? "# with no other variable" : undefined,
    cmd.unsetEnv === undefined ? undefined : `# without ${cmd.unsetEnv.join(" ")}`,
    cmd.cwd === undefined ? undefined : `# in ${cmd.cwd}`,
    cmd.newSession === true ? "# in a session of its own" : undefined,
    cmd.stdin === undefined ? undefined : `# with ${cmd.stdin.length} bytes on standard input`,
  ];
  return [...extras.filter((line) => line !== undefined), showCommand({ ...cmd, args })];
}

function show(title: string, { fetch, build, run }: Shown): string {
  return [
    `## ${title}`,
    ...(fetch === undefined ? [] : ["", "# fetch", ...shown(fetch)]),
    "",
    "# build",
    ...shown(build),
    "",
    "# run",
    ...shown(run),
    "",
    "",
  ].join("\n");
}

const ROOT: Setting = { host: { uid: 0, gid: 0, user: "root", cwdOwner: 0 } };
const PIPED: Setting = { host: { stdinTty: false } };

/** Commands that do not depend on the tool. */
function dockerOthers(command: string): readonly Cmd[] {
  const at = (args: readonly string[]) => ({ bin: command, args });
  return [
    at(LIST),
    at(NAMES),
    at(IMAGES_ARGS),
    at(startsOf(SESSION.id, 0)),
    at(attachArgs("0123")),
    at(dockerExec("0123", ["ls", "-l"], true)),
    at(dockerExec("0123", ["ls"], false)),
    at([...dialectOf({ command }).remove, "0123"]),
  ];
}
const CONTAINER_OTHERS: readonly Cmd[] = [
  { bin: "container", args: LIST_ARGS },
  { bin: "container", args: containerExec("app-1", { uid: 1000, gid: 1000 }, ["ls", "-l"], true) },
  { bin: "container", args: containerExec("app-1", { uid: 0, gid: 0 }, ["ls"], false) },
];

const BACKENDS: Readonly<
  Record<string, { backend: BackendName; commands: Commands; others: readonly Cmd[] }>
> = {
  docker: { backend: "docker", commands: docker("docker"), others: dockerOthers("docker") },
  podman: { backend: "docker", commands: docker("podman"), others: dockerOthers("podman") },
  container: { backend: "container", commands: container, others: CONTAINER_OTHERS },
  bwrap: { backend: "bwrap", commands: bwrap, others: [] },
  fly: { backend: "fly", commands: fly, others: [] },
};

test.each(Object.entries(BACKENDS))(
  "the commands of %s",
  async (name, { backend, commands, others }) => {
    const layer = backend === "fly" ? LAYER : "";
    const parts: string[] = [];
    const add = async (
      title: string,
      tool: (typeof TOOLS)[number],
      setting: Setting,
      all: boolean,
    ) => parts.push(show(title, await commands(checked(planOf(tool, { ...setting, layer })), all)));
    for (const tool of TOOLS) await add(tool.name, tool, {}, false);
    const codex = TOOLS.find((tool) => tool.name === "codex");
    if (codex === undefined) throw new Error("no codex");
    await add("codex as root", codex, ROOT, false);
    await add("codex without a terminal", codex, PIPED, false);
    await add("codex with every setting", codex, ALL_SETTINGS, true);
    if (others.length > 0)
      parts.push(
        ["## other commands", ...others.map((cmd) => shown(cmd).join("\n"))].join("\n\n"),
        "\n",
      );
    const text = parts.join("");
    // Values of variables may be secrets.
    expect(text).not.toContain("s3cret");
    held(`commands/${name}.txt`, text);
  },
);
