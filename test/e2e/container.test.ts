import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builderSize } from "../../src/backends/container/build.ts";
import { defaultSize } from "../../src/backends/container/index.ts";
import { docker, probe, silo } from "../support/silo.ts";
import { slot } from "../support/slot.ts";
import { put, useWorld } from "../support/world.ts";
import { PROBE_CONFIG } from "../support/settings.ts";

const MINUTES = 5 * 60_000;

const world = useWorld({ backend: "container" });

type Entry = { readonly argv: readonly string[]; readonly leak?: boolean };
const calls = () =>
  readFileSync(join(world.root, "state/calls.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Entry);
const verbs = (from: number) =>
  calls()
    .slice(from)
    .map(({ argv }) => argv.slice(0, 2).join(" "));
const runOf = () => calls().findLast(({ argv }) => argv[0] === "run")?.argv ?? [];
const configure = (more: object) =>
  put(world, "home/.config/silo/silo.jsonc", JSON.stringify({ ...PROBE_CONFIG, ...more }));

/** Hooks are the last step of a build, so that the earlier ones are cached. */
function withHook(hook: string) {
  const { codex } = PROBE_CONFIG.tools;
  return { tools: { codex: { post_build_hooks: [...codex.post_build_hooks, hook] } } };
}

test(
  "a warm start is two calls: the check for the image, and the run",
  async () => {
    await probe(world, "true");
    const before = calls().length;
    expect((await probe(world, "true")).code).toBe(0);
    const made = calls().slice(before);
    expect(made.map(({ argv }) => argv[0])).toEqual(["image", "run"]);
  },
  MINUTES,
);

test.each(["0.9.0", "0.12.3", "1.0.0", "1.2.2"])(
  "version %s: run, ls, exec, rm and images work",
  async (version) => {
    const env = { FAKE_CONTAINER_VERSION: version };
    const inside = await probe(world, "grep -E 'CapEff|NoNewPrivs' /proc/self/status; exit 5", {
      env,
    });
    expect(inside.code).toBe(5);
    expect(inside.stdout).toMatch(/CapEff:\t0+\nNoNewPrivs:\t1\n/);
    expect(runOf().includes("--cap-drop")).toBe(!version.startsWith("0.9"));
    expect(runOf().includes("--init")).toBe(!version.startsWith("0.9"));
    const long = probe(world, "touch up; exec sleep 300", { env });
    while (!existsSync(join(world.project, "up"))) await Bun.sleep(20);
    const listed = JSON.parse((await silo(world, ["ls", "--json"], { env })).stdout) as {
      name: string;
    }[];
    expect(listed).toMatchObject([{ backend: "container", status: "running", tool: "codex" }]);
    const name = listed[0]?.name ?? "";
    expect((await silo(world, ["exec", name, "id", "-u"], { env })).stdout).toBe("0\n");
    expect((await silo(world, ["reconnect", name], { env })).stderr).toContain(
      "does not support reconnect",
    );
    const { stdout } = await silo(world, ["rm", "--force", name], { env });
    expect(stdout).toBe(`${name}\n`);
    await long;
    const images = await silo(world, ["prune", "--dry-run", "--backend", "container"], { env });
    expect(images.code).toBe(0);
  },
  MINUTES,
);

describe("building", () => {
  test("the builder keeps its size if it suffices", () => {
    expect(builderSize(undefined, 8)).toEqual({ cpus: 4, memoryMb: 4096 });
    expect(builderSize(undefined, 2)).toEqual({ cpus: 2, memoryMb: 4096 });
    expect(builderSize({ cpus: 6, memoryMb: 9000 }, 8)).toEqual({ cpus: 6, memoryMb: 9000 });
    expect(builderSize({ cpus: 2, memoryMb: 9000 }, 8)).toEqual({ cpus: 4, memoryMb: 9000 });
  });

  test(
    "two builds use one builder, regardless of colour variables",
    async () => {
      configure(withHook(`echo ${crypto.randomUUID()}`));
      await probe(world, "true", { env: { NO_COLOR: "1", BUILDKIT_COLORS: "run=red" } });
      const tag = runOf().find((word) => word.startsWith("silo-codex:")) ?? "";
      configure(withHook(`echo ${crypto.randomUUID()}`));
      await probe(world, "true");
      expect(verbs(0).filter((verb) => verb.startsWith("build "))).toHaveLength(2);
      expect(existsSync(join(world.root, "state/recreated"))).toBe(false);
      docker("image", "rm", tag);
    },
    MINUTES,
  );

  test("the Dockerfile of every tool is small enough", async () => {
    configure({ image: {} });
    for (const tool of ["claude", "cline", "codex", "opencode", "paperclipai", "copilot", "vibe"]) {
      const { stdout } = await silo(world, [tool, "--dry-run", "--json"], { env: { USER: "ada" } });
      if (tool === "paperclipai") continue;
      const plan = JSON.parse(stdout) as { image: { dockerfile: string } };
      expect(Buffer.byteLength(plan.image.dockerfile)).toBeLessThan(16_384);
    }
  });
});

describe("arguments", () => {
  test("contain no values of variables, not even of those that affect the command", async () => {
    configure({ env: ["SECRET_KEY", "NO_COLOR", "CONTAINER_DEBUG", "MULTI"] });
    const { stdout } = await probe(
      world,
      'printf "%s|" "$SECRET_KEY" "$NO_COLOR" "$CONTAINER_DEBUG" "$MULTI"',
      {
        env: {
          SECRET_KEY: "s3cr3t",
          NO_COLOR: "s3cr3t1",
          CONTAINER_DEBUG: "s3cr3t2",
          MULTI: "s3cr3t\n3",
          DOUBLE_SECRET: "s3cr3t",
        },
      },
    );
    expect(stdout).toBe("s3cr3t|s3cr3t1|s3cr3t2|s3cr3t\n3|");
    expect(calls().filter(({ leak }) => leak === true)).toEqual([]);
  });

  test("paths that --mount cannot quote are mounted with --volume, or refused", async () => {
    for (const name of ["a,b", "a=b", "a:b", "a,:b"]) put(world, `${name}/file`, name);
    configure({ mounts_ro: ["a,b", "a=b", "a:b"].map((name) => join(world.root, name)) });
    const { stdout } = await probe(world, `cat '${world.root}'/a?b/file`);
    expect(stdout).toBe("a,ba:ba=b");
    configure({ mounts_ro: [join(world.root, "a,:b")] });
    const refused = await probe(world, "true");
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("cannot mount") as unknown as string,
    ]);
  });

  test("CPUs and memory are as configured, otherwise all and 40 %", async () => {
    expect(defaultSize(10, 32 * 1024 ** 3)).toEqual({ cpus: 10, memory: "13107M" });
    expect(defaultSize(2, 4 * 1024 ** 3)).toEqual({ cpus: 2, memory: "2048M" });
    configure({ backends: { container: { cpus: 1, memory: "3g" } } });
    await probe(world, "true");
    expect(runOf().join(" ")).toContain("--cpus 1 --memory 3G ");
  });

  test("ports are published on the loopback address", async () => {
    const port = 18_080 + slot();
    configure({ ports: [`${port}:80`] });
    await probe(world, "true");
    expect(runOf().join(" ")).toContain(`--publish 127.0.0.1:${port}:80/tcp`);
  });
});

describe("choice of the backend, and its service", () => {
  test("container is auto-detected by its command, docker only if named", async () => {
    const backend = async (...flags: string[]) =>
      (
        JSON.parse((await silo(world, ["codex", "--dry-run", "--json", ...flags])).stdout) as {
          backend: string;
        }
      ).backend;
    expect([await backend(), await backend("--backend", "docker")]).toEqual([
      "container",
      "docker",
    ]);
  });

  test("every command names the start command if the service is not running", async () => {
    writeFileSync(join(world.root, "state/down"), "");
    for (const args of [["codex"], ["ls", "--backend", "container"], ["exec", "x", "true"]]) {
      const { code, stderr } = await silo(world, args);
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining("container system start") as unknown as string,
      ]);
    }
    // The other backend's containers are still listed.
    const listed = await silo(world, ["ls"]);
    expect([listed.code, listed.stderr]).toEqual([
      0,
      expect.stringContaining(
        "warning: container: the container service is not running",
      ) as unknown as string,
    ]);
    expect(verbs(0)).not.toContain("system start");
  });
});

type Planned = { image: { tag: string; dockerfile: string; buildArgs: Record<string, string> } };
const planned = async () =>
  JSON.parse((await silo(world, ["codex", "--dry-run", "--json"])).stdout) as Planned;

/** Builds an image without Docker's packages, which cannot be downloaded here. The test needs only the start of an engine. */
function buildWithoutToolchain({ image }: Planned): void {
  const lines = image.dockerfile.replace(
    /^RUN(?:(?!^[A-Z]+ )[^])*download\.docker\.com(?:(?!^[A-Z]+ )[^])*/m,
    "",
  );
  const args = Object.entries(image.buildArgs).map(
    ([name, value]) => `--build-arg=${name}=${value}`,
  );
  const made = spawnSync("docker", ["build", "--force-rm", ...args, `--tag=${image.tag}`, "-"], {
    input: lines,
    encoding: "utf8",
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
  if (made.status !== 0) throw new Error(made.stdout + made.stderr);
}

test(
  "Docker in the guest: its own engine, started by the first client",
  async () => {
    // A minimal engine, which responds on the socket that it inherits.
    const engine = [
      "#!/usr/bin/perl",
      'open my $socket, "+<&=", 3 or die; open my $mark, ">", "/tmp/engine"; print $mark "$ENV{LISTEN_FDS} @ARGV $<"; close $mark;',
      'while (accept my $client, $socket) { my $asked = <$client>; print $client "HTTP/1.0 200 OK\\r\\n\\r\\npong"; close $client; }',
    ];
    const hook = `mkdir -p ~/.local/bin; printf '%s\\n' ${engine.map((line) => `'${line}'`).join(" ")} > ~/.local/bin/dockerd; chmod 755 ~/.local/bin/dockerd`;
    configure({
      ...withHook(hook),
      image: { ...PROBE_CONFIG.image, toolchains: ["docker"] },
    });
    buildWithoutToolchain(await planned());
    const script = [
      "ls /tmp/engine 2>/dev/null || echo not started",
      "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status | tr -d '\\n'",
      "curl --silent --unix-socket /var/run/docker.sock http://x/_ping",
      "cat /tmp/engine",
    ].join("; ");
    const { stdout, stderr } = await probe(world, script);
    if (stderr.includes("failed")) throw new Error(stderr);
    expect(stdout).toMatch(/^not started\nCapEff:\t0+CapBnd:\t0+NoNewPrivs:\t1pong1 -H fd:\/\/ 0$/);
  },
  MINUTES,
);
