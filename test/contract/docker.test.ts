import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SILO } from "../support/settings.ts";

const DOUBLES = join(import.meta.dir, "doubles");

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-contract-"));
  for (const name of ["home", "app", "state"]) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

type Call = { readonly argv: readonly string[]; readonly leak: boolean };

const path = (first: readonly string[]) => [...first, "/usr/bin", "/bin"].join(":");

const environment = (more: Record<string, string>) => ({
  HOME: join(root, "home"),
  PATH: path([DOUBLES]),
  DOUBLE_BUN: process.execPath,
  DOUBLE_STATE: join(root, "state"),
  SILO_NO_VERSION_CHECK: "1",
  ...more,
});

function silo(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(SILO, args, {
    cwd: join(root, "app"),
    encoding: "utf8",
    input: "",
    env: environment(env),
  });
  return { status, stdout, stderr, calls: calls() };
}

function calls(): readonly Call[] {
  const file = join(root, "state/calls.jsonl");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Call);
}

const verbs = (made: readonly Call[]) => made.map(({ argv }) => argv[0]).join(" ");
const hasImage = (tag: string) => writeFileSync(join(root, "state/images"), `${tag}\n`);
const tag = () =>
  (JSON.parse(silo(["codex", "--dry-run", "--json"]).stdout) as { image: { tag: string } }).image
    .tag;

describe("calls of the engine", () => {
  test("a dry run starts nothing", () => {
    const { status, calls } = silo(["codex", "--dry-run"]);
    expect([status, calls.length]).toEqual([0, 0]);
  });

  test("if the image exists, a run is one call, and its exit status is silo's", () => {
    hasImage(tag());
    const { status, stdout, calls } = silo(["codex", "--", "x"]);
    expect(verbs(calls)).toBe("run");
    expect(status).toBe(42);
    expect(stdout).toMatch(/^ran app-1: .* codex --/s);
  });

  test.each([
    ["the legacy builder", "0"],
    ["BuildKit", "1"],
  ])(
    "a missing image is built with %s, and the run is retried without an error message",
    (_, buildkit) => {
      const { status, stdout, stderr, calls } = silo(["codex"], { DOUBLE_BUILDKIT: buildkit });
      expect(verbs(calls)).toBe("run events buildx build run");
      expect(stdout).toStartWith("ran app-1: ");
      expect(status).toBe(42);
      expect(stderr).toContain("step 2/2 true");
      expect(stderr).not.toContain("No such image");
    },
  );

  test("--force-build builds first, without cache", () => {
    hasImage(tag());
    const { calls } = silo(["codex", "--force-build"]);
    expect(verbs(calls)).toBe("buildx build run");
    expect(calls.find(({ argv }) => argv[0] === "build")?.argv).toContain("--no-cache");
  });

  test("a name in use is replaced by the next number", () => {
    hasImage(tag());
    const { status, stdout } = silo(["codex"], { DOUBLE_CLASHES: "3" });
    expect(status).toBe(42);
    expect(stdout).toStartWith("ran app-4: ");
  });

  test("after a conflict numbers continue after the highest one on the engine", () => {
    hasImage(tag());
    writeFileSync(join(root, "state/containers"), "app-7\nother-9\n");
    expect(silo(["codex"], { DOUBLE_CLASHES: "1" }).stdout).toStartWith("ran app-8: ");
  });

  test("a tool's own port that is in use is omitted with a warning", () => {
    expect(silo(["cline"], { DOUBLE_FAULT: "port:3484" }).status).toBe(42);
    const { stderr, calls } = silo(["cline"], { DOUBLE_FAULT: "port:3484" });
    expect(stderr).toContain("warning: port 3484 is in use");
    expect(calls.at(-1)?.argv.join(" ")).not.toContain("3484:3485/tcp");
  });

  test("no argument contains a secret", () => {
    mkdirSync(join(root, "home/.config/silo"), { recursive: true });
    writeFileSync(join(root, "home/.config/silo/silo.jsonc"), '{"env": ["KEY", "DOCKER_KEY"]}');
    const { calls, stdout, stderr } = silo(["codex"], {
      KEY: "s3cret",
      DOCKER_KEY: "s3cret",
      DOUBLE_SECRET: "s3cret",
    });
    expect(calls.some(({ leak }) => leak)).toBe(false);
    expect(calls.at(-1)?.argv).toContain("KEY");
    expect(stdout + stderr).not.toContain("s3cret");
  });
});

describe("failures", () => {
  test.each([
    ["down", "cannot connect to the Docker engine", "systemctl start docker"],
    ["denied", "permission denied on the Docker socket", "usermod -aG docker"],
    ["disk", "the Docker engine's disk is full", "docker system prune"],
    ["platform", "the image was built for another CPU architecture", "--force-build"],
  ])("%s", (fault, message, hint) => {
    hasImage(tag());
    const { status, stderr } = silo(["codex"], { DOUBLE_FAULT: fault });
    expect(status).toBe(1);
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toMatch(new RegExp(`^hint: .*${hint}`, "m"));
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("if the engine cannot limit memory, the tool runs without the default limit and with a warning", () => {
    hasImage(tag());
    const { status, stdout, stderr, calls } = silo(["codex"], { DOUBLE_FAULT: "cgroup" });
    expect(status).toBe(42);
    expect(stdout).toStartWith("ran app-1: ");
    expect(stderr).toContain("warning: the engine cannot limit memory");
    const runs = calls.filter(({ argv }) => argv[0] === "run").map(({ argv }) => argv.join(" "));
    expect(runs.map((line) => line.includes("--memory"))).toEqual([true, false]);
  });

  test.each([
    ["4g", 1, "error: the engine cannot set the limits of the container"],
    ["none", 42, ""],
  ])("with memory set to %s and such an engine silo exits with %d", (memory, code, says) => {
    const config = { backends: { docker: { memory } } };
    mkdirSync(join(root, "home/.config/silo"), { recursive: true });
    writeFileSync(join(root, "home/.config/silo/silo.jsonc"), JSON.stringify(config));
    hasImage(tag());
    const { status, stderr } = silo(["codex"], { DOUBLE_FAULT: "cgroup" });
    expect(status).toBe(code);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("warning:");
  });

  test("docker is not installed", () => {
    const { status, stderr } = silo(["codex"], { PATH: "/nonexistent" });
    expect(status).toBe(1);
    expect(stderr).toContain('error: the command "docker" is not installed\nhint: install Docker');
  });

  test("if the CLI is killed, silo exits with 137 and searches for its container", () => {
    hasImage(tag());
    const { status, calls } = silo(["codex"], { DOUBLE_FAULT: "killed" });
    expect(status).toBe(137);
    // silo searches for some time, because the engine may still be creating the container.
    expect(verbs(calls)).toMatch(/^run ps events( ps)+$/);
  });
});

test.each([
  ['{"env": [broken', 0, ""],
  ['{"backends": {"docker": {"command": 5}}}', 0, "silo.jsonc is not valid, so it is ignored"],
  [String.raw`{"\u0062ackends": {"docker": {"command": "no-such-engine"}}}`, 1, "no-such-engine"],
])("silo ls needs only the backends section of %s", (text, code, says) => {
  mkdirSync(join(root, "home/.config/silo"), { recursive: true });
  writeFileSync(join(root, "home/.config/silo/silo.jsonc"), text);
  const { status, stderr } = silo(["ls", "--backend", "docker"]);
  expect([status, stderr]).toEqual([code, expect.stringContaining(says) as unknown as string]);
});

test.each([
  ["linux", ["ps"]],
  ["darwin", ["list", "ps"]],
])("on %s silo ls queries each installed engine once: %j", (platform, asked) => {
  // Runs from source, because the platform of the compiled binary is fixed.
  const told = join(root, "platform.ts");
  writeFileSync(told, `Object.defineProperty(process, "platform", { value: "${platform}" });`);
  const engines = platform === "darwin" ? [join(DOUBLES, "apple"), DOUBLES] : [DOUBLES];
  const main = join(import.meta.dir, "../../src/main.ts");
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--preload", told, main, "ls", "--json"],
    { cwd: join(root, "app"), encoding: "utf8", env: environment({ PATH: path(engines) }) },
  );
  expect([status, stdout]).toEqual([0, "[]\n"]);
  expect(verbs(calls()).split(" ").toSorted()).toEqual(asked);
});

describe("the double is strict", () => {
  const double = (...argv: string[]) =>
    spawnSync(join(DOUBLES, "docker"), argv, {
      encoding: "utf8",
      env: { ...process.env, DOUBLE_BUN: process.execPath, DOUBLE_STATE: join(root, "state") },
    });
  test.each([
    [["run", "--no-such", "x"], 125, "unknown flag: --no-such"],
    [["run", "-Z", "x"], 125, "unknown shorthand flag: 'Z' in -Z"],
    [["run", "--rm=maybe", "x"], 125, "invalid argument"],
    [["run", "--name"], 125, "flag needs an argument: --name"],
    [["run", "missing:1"], 125, "docker: Error response from daemon: No such image"],
    [["build", "--progress=plain", "-"], 125, "unknown flag: --progress"],
    [["build"], 1, "requires exactly 1 argument"],
    [["frobnicate"], 1, "is not a docker command"],
  ])("%j", (argv, code, text) => {
    const { status, stderr } = double(...argv);
    expect(status).toBe(code);
    expect(stderr).toContain(text);
  });
});
