import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { attachArgs, buildArgs, execArgs, runArgs } from "../../../src/backends/docker/args.ts";
import { NAMES } from "../../../src/backends/docker/query.ts";
import type { DockerSettings } from "../../../src/backends/docker/settings.ts";
import { LIST } from "../../../src/backends/docker/query.ts";
import { IMAGES_ARGS } from "../../../src/backends/docker/images.ts";
import { toolByName, TOOLS } from "../../../src/tools/index.ts";
import { planOf } from "../../support/plan.ts";

/**
 * Runs the real CLI with an argument list, and `--help` before the first argument that is no flag. It exits with 125 for
 * an unknown flag or an invalid value, otherwise with 0, and starts nothing.
 */
function replay(args: readonly string[], before: string): number | null {
  const at = before === "" ? args.length : args.indexOf(before);
  expect(at).toBeGreaterThan(0);
  return spawnSync("docker", [...args.slice(0, at), "--help", ...args.slice(at)]).status;
}

const GOOD = 0;
const FULL: DockerSettings = {
  command: "docker",
  cpus: 1.5,
  memory: "4g",
  processes: 100,
  log: false,
  coreDumps: false,
  socket: { path: "/var/run/docker.sock", gid: 9 },
  keep: true,
  runtime: "runc",
  seccomp: "/cache/seccomp.json",
  inhabitant: "user",
};
const SESSION = { id: "0123456789abcdef", name: "app-1" };

describe("the real docker accepts every argument list", () => {
  test.each(TOOLS.map((tool) => [tool.name, tool] as const))("run %s", (_, tool) => {
    const config = {
      env: ["A=b", "http_proxy=x"],
      ports: ["1:2", "0.0.0.0:3:4/udp", "[::1]:5:6"],
      mounts_ro: ['~/a,b "c"'],
      pre_run_hooks: ["true"],
    };
    for (const stdinTty of [true, false]) {
      const plan = planOf(tool, { config, host: { stdinTty } });
      expect(replay(runArgs(plan, SESSION, FULL, "/dev/null"), plan.image.tag)).toBe(GOOD);
    }
  });

  test.each([true, false])("exec, with a terminal: %p", (tty) => {
    expect(replay(execArgs("app-1", ["ls", "-la"], tty), "app-1")).toBe(GOOD);
  });

  test("attach and kill", () => {
    expect(replay(attachArgs("app-1"), "app-1")).toBe(GOOD);
    expect(replay(["kill", "--signal=SIGTERM", "app-1"], "app-1")).toBe(GOOD);
  });

  test("images", () => {
    expect(replay(IMAGES_ARGS, "")).toBe(GOOD);
    expect(replay(["image", "rm", "silo-x:1"], "silo-x:1")).toBe(GOOD);
  });

  test("build", () => {
    const image = { ...planOf(toolByName("codex")).image, buildArgs: { A: "b c" } };
    expect(replay(buildArgs(image, { fresh: true, buildkit: false }), "-")).toBe(GOOD);
  });

  test("ps and rm", () => {
    expect(replay(LIST, "")).toBe(GOOD);
    expect(replay(NAMES, "")).toBe(GOOD);
    expect(replay(["rm", "--force", "a"], "a")).toBe(GOOD);
  });

  test("an unknown flag is detected", () => {
    expect(replay(["run", "--no-such-flag", "image"], "image")).toBe(125);
  });
});
