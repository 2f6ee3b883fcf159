import { describe, expect, test } from "bun:test";
import { mountArg, runArgs } from "../../src/backends/docker/args.ts";
import { publishArg } from "../../src/backends/engine/publish.ts";
import { steersCli } from "../../src/backends/engine/steering.ts";
import type { DockerSettings } from "../../src/backends/docker/settings.ts";
import { buildStep } from "../../src/backends/engine/build-log.ts";
import { engineError, recoverable } from "../../src/backends/docker/errors.ts";
import { container, list } from "../../src/backends/docker/list.ts";
import { rows } from "../../src/backends/docker/rows.ts";
import { checkRuntime } from "../../src/backends/docker/runtime.ts";
import { limited, runCommand } from "../../src/backends/docker/run.ts";
import { dialectOf } from "../../src/backends/docker/dialect.ts";
import { bufferEngineErrors } from "../../src/backends/engine/stderr.ts";
import type { RunPlan } from "../../src/core/types.ts";
import { toolByName } from "../../src/tools/index.ts";
import { planOf } from "../support/plan.ts";

const SETTINGS: DockerSettings = {
  command: "docker",
  cpus: undefined,
  memory: undefined,
  processes: 4096,
  log: false,
  coreDumps: false,
  socket: undefined,
  keep: false,
  runtime: undefined,
  seccomp: "/cache/seccomp.json",
  inhabitant: "user",
};
const SESSION = { id: "0123456789abcdef", name: "app-1" };
const mount = (source: string, mode: "ro" | "rw" = "rw") => ({
  source,
  target: source,
  mode,
  kind: "dir" as const,
  from: "tool",
});

describe("arguments", () => {
  test.each([
    ["/a b", "rw", "type=bind,source=/a b,target=/a b"],
    ["/a", "ro", "type=bind,source=/a,target=/a,readonly"],
    ["/a,b", "rw", 'type=bind,"source=/a,b","target=/a,b"'],
    ['/a"b', "rw", 'type=bind,"source=/a""b","target=/a""b"'],
  ] as const)("mount %s %s", (path, mode, expected) => {
    expect(mountArg(mount(path, mode))).toBe(expected);
  });

  test("an IPv6 address is in brackets", () => {
    expect(publishArg({ hostIp: "::1", host: 1, guest: 2, protocol: "udp", optional: false })).toBe(
      "[::1]:1:2/udp",
    );
  });

  test("the argument list contains no value of a variable", () => {
    const plan = planOf(toolByName("codex"), {
      config: { env: ["KEY=s3cret", "DOCKER_HOST=s3cret"] },
    });
    const { args, env } = runCommand(plan, SESSION, SETTINGS, "/run/env");
    expect(args.join(" ")).not.toContain("s3cret");
    expect(env?.["KEY"]).toBe("s3cret");
    // This variable would make the CLI use another engine.
    expect(env?.["DOCKER_HOST"]).toBeUndefined();
    expect(args).toContain("--env-file");
  });

  test.each([
    "STORAGE_OPTS",
    "BASH_ENV",
    "PYTHONPATH",
    "PODMAN_CONNECTIONS_CONF",
    "PATH",
    "HOME",
    "DOCKER_CONTEXT",
    "https_proxy",
    "NO_PROXY",
    "LD_PRELOAD",
    "BUILDKIT_PROGRESS",
    "CONTAINER_HOST",
    "NO_COLOR",
  ])("%s steers the CLI", (name) => {
    expect(steersCli(name)).toBe(true);
  });

  test("signals are not forwarded if the tool keeps running when the terminal closes", () => {
    const proxied = (plan: RunPlan, keep: boolean) =>
      !runArgs(plan, SESSION, { ...SETTINGS, keep }, undefined).includes("--sig-proxy=false");
    const codex = toolByName("codex");
    expect(proxied(planOf(codex), false)).toBe(true);
    expect(proxied(planOf(codex), true)).toBe(false);
    expect(proxied(planOf(codex, { keep: true }), false)).toBe(false);
    // Without a terminal there is nothing to close, and a tool with a lock exits with its silo process.
    expect(proxied(planOf(codex, { keep: true, host: { stdinTty: false } }), true)).toBe(true);
    expect(proxied(planOf(toolByName("paperclipai"), { keep: true }), true)).toBe(true);
  });

  test("a tool's resources are limited, and each limit can be set", () => {
    const plan = planOf(toolByName("codex"));
    const text = (settings: DockerSettings) =>
      runArgs(plan, SESSION, settings, undefined).join(" ");
    expect(text(SETTINGS)).not.toMatch(/--cpus|--memory|docker\.sock|--privileged/);
    expect(text({ ...SETTINGS, memory: "none" })).not.toContain("--memory");
    expect(text(limited(SETTINGS))).toMatch(
      / --pids-limit=4096 --memory=\d+m --oom-score-adj=500 --log-driver=none --ulimit=core=0:0 /,
    );
    expect(limited({ ...SETTINGS, memory: "1g" }).memory).toBe("1g");
    const all = text({
      ...SETTINGS,
      cpus: 2,
      memory: "4g",
      processes: 9,
      log: true,
      coreDumps: true,
      socket: { path: "/run/d.sock", gid: 99 },
      keep: false,
      runtime: "kata",
      seccomp: "/c/p.json",
      inhabitant: "user",
    });
    expect(all).toContain("--pids-limit=9 --cpus=2 --memory=4g --oom-score-adj=500 --ipc");
    expect(all).not.toMatch(/--log-driver|--ulimit/);
    expect(all).toContain("source=/run/d.sock,target=/var/run/docker.sock --group-add=99");
  });

  test("every run has silo's seccomp profile, and an engine's runtime only if it is configured", () => {
    const plan = planOf(toolByName("codex"));
    const args = runArgs(plan, SESSION, SETTINGS, undefined);
    expect(args).toContain("--security-opt=seccomp=/cache/seccomp.json");
    expect(args.join(" ")).not.toContain("--runtime");
    expect(runArgs(plan, SESSION, { ...SETTINGS, runtime: "kata" }, undefined)).toContain(
      "--runtime=kata",
    );
  });

  test.each(["krun", "/usr/bin/krun", "crun-krun", "/opt/krun-1.2", "io.containerd.krun.v1"])(
    "the runtime %s is refused by name",
    (runtime) => {
      expect(() => checkRuntime(runtime)).toThrow("outside of the virtual machine");
    },
  );

  test.each([undefined, "kata", "runsc", "/home/krun/bin/runsc", "crun"])(
    "the runtime %s is not",
    (runtime) => {
      expect(() => checkRuntime(runtime)).not.toThrow();
    },
  );

  test("podman, whose --ulimit forgets its configuration, limits core dumps inside", () => {
    const plan = planOf(toolByName("codex"));
    const command = (settings: DockerSettings) =>
      runArgs(plan, SESSION, settings, undefined).slice(-plan.argv.length - 3);
    const podman = { ...SETTINGS, command: "podman" };
    expect(command(podman).slice(0, 3)).toEqual(["/bin/sh", "-c", 'ulimit -c 0; exec "$0" "$@"']);
    expect(runArgs(plan, SESSION, podman, undefined).join(" ")).not.toContain("--ulimit");
    expect(command({ ...podman, coreDumps: true })).not.toContain("/bin/sh");
  });

  test("podman keeps an ordinary user's ids", () => {
    const plan = planOf(toolByName("codex"));
    expect(
      runArgs(plan, SESSION, { ...SETTINGS, command: "/usr/bin/podman" }, undefined),
    ).toContain("--userns=keep-id");
    expect(runArgs(plan, SESSION, SETTINGS, undefined)).not.toContain("--userns=keep-id");
  });
});

describe("the engine's output", () => {
  test.each([
    ["docker: Error response from daemon: No such image: silo-codex:1.", { kind: "no-image" }],
    ["Error: silo-codex:1: image not known", { kind: "no-image" }],
    [
      'docker: Error response from daemon: Conflict. The container name "/app-1" is already in use by container "x".',
      { kind: "name-taken" },
    ],
    [
      "docker: Error response from daemon: driver failed: Bind for 127.0.0.1:3484 failed: port is already allocated.",
      { kind: "port-taken", port: 3484 },
    ],
    [
      "docker: Error response from daemon: listen tcp4 127.0.0.1:8080: bind: address already in use.",
      { kind: "port-taken", port: 8080 },
    ],
    ["docker: Error response from daemon: something else.", undefined],
  ] as const)("%s", (text, outcome) => {
    expect(recoverable(text) as unknown).toEqual(outcome);
  });

  test.each([
    [
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      "cannot connect",
      "systemctl start docker",
    ],
    [
      "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
      "permission denied",
      "usermod -aG docker",
    ],
    ["write /var/lib/docker/x: no space left on device", "disk is full", "system prune"],
    ["exec /usr/bin/codex: exec format error", "another CPU", "--force-build"],
    ["unknown flag: --pull", "too old", "docs.docker.com"],
    [
      "docker: Error response from daemon: Unknown runtime specified kata",
      'runtime "kata" is not registered with the engine',
      '"runtime"',
    ],
    [
      "docker: Error response from daemon: unknown or invalid runtime name: kata",
      'runtime "kata" is not registered with the engine',
      '"runtime"',
    ],
    [
      'Error: default OCI runtime "kata" not found: invalid argument',
      'runtime "kata" is not registered with the engine',
      '"runtime"',
    ],
    [
      "Error: no valid executable found for OCI runtime /no/kata: invalid argument",
      'runtime "/no/kata" is not registered with the engine',
      '"runtime"',
    ],
    [
      "Error: opening seccomp profile failed: open /c/p.json: no such file or directory",
      "cannot read silo's seccomp profile",
      "silo/seccomp-",
    ],
    [
      "docker: Error response from daemon: seccomp is not enabled in your kernel, cannot run a custom seccomp profile.",
      "cannot filter system calls",
      "CONFIG_SECCOMP_FILTER",
    ],
    [
      "docker: Error response from daemon: OCI runtime create failed: openat2 /sys/fs/cgroup/docker/ab/memory.max: no such file or directory: unknown.",
      "cannot set the limits",
      "memory",
    ],
  ])("%s", (text, message, hint) => {
    const error = engineError(text, "x");
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });
});

describe("standard error", () => {
  function pass(command: string, ...chunks: string[]) {
    let passed = "";
    const held = bufferEngineErrors(dialectOf({ command }), (chunk) => {
      passed += new TextDecoder().decode(chunk);
    });
    for (const chunk of chunks) held.take(new TextEncoder().encode(chunk));
    return { passed, held: held.held() };
  }
  test.each([
    ["docker", ["tool says\n"], "tool says\n", ""],
    ["docker", ["d", "ocker: x"], "", "docker: x"],
    ["docker", ["do it\n"], "do it\n", ""],
    ["docker", ["first\n", "docker: later\n"], "first\ndocker: later\n", ""],
    ["docker", ["E", "rror: x"], "Error: x", ""],
    ["docker", ["WARNING: no swap\ndock", "er: x"], "WARNING: no swap\n", "docker: x"],
    ["docker", ["WARNING: the tool's"], "", "WARNING: the tool's"],
    ["podman", ["E", "rror: x"], "", "Error: x"],
    ["podman", ["docker: x"], "docker: x", ""],
    [
      "podman",
      ["Resource limits are not supported\nError: x"],
      "Resource limits are not supported\n",
      "Error: x",
    ],
  ])("of %s, %j: passed %j, held %j", (command, chunks, passed, held) => {
    expect(pass(command, ...chunks)).toEqual({ passed, held });
  });
});

test.each([
  ["Step 3/12 : RUN true", 3, 12, "RUN true"],
  ["#7 [base 2/5] RUN true", 2, 5, "RUN true"],
  ["#7 [2/5] RUN true", 2, 5, "RUN true"],
  ["STEP 3/12: RUN true", 3, 12, "RUN true"],
])("%s is a step", (line, step, total, text) => {
  expect(buildStep(line)).toEqual({ kind: "step", step, total, text });
});

test("rows of docker and of podman are parsed alike", () => {
  const docker =
    '{"ID":"5f07","Names":"app-1","Image":"silo-codex:1","Labels":"silo.tool=codex,silo.session=ab,x=a=b","State":"running","Status":"Up 1 second","CreatedAt":"2026-11-24 05:38:01 +0000 UTC"}\n';
  const podman =
    '[{"Id":"5f07","Names":["app-1"],"Image":"localhost/silo-codex:1","Labels":{"silo.tool":"codex","silo.session":"ab"},"State":"running","Status":"Up 1 second","CreatedAt":"1 second ago","Created":1795498681}]\n';
  expect(rows(docker).map(container)).toEqual(rows(podman).map(container));
  expect(rows(docker).map(container)).toMatchObject([
    {
      id: "5f07",
      name: "app-1",
      image: "silo-codex:1",
      tool: "codex",
      session: "ab",
      running: true,
      created: "2026-11-24T05:38:01.000Z",
    },
  ]);
  expect([rows(""), rows("[]\n")]).toEqual([[], []]);
});

test("only containers with a session label of silo are listed, so no others are reaped or removed", async () => {
  const asked: string[][] = [];
  await list(SETTINGS, ({ args }) => {
    asked.push([...args]);
    return Promise.resolve({ code: 0, stdout: "", stderr: "" });
  });
  expect(asked.map((args) => args.join(" "))).toEqual([
    "ps --all --no-trunc --filter label=silo.session --format {{json .}}",
  ]);
});
