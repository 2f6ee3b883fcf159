import { beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { probe } from "../support/silo.ts";
import { put, useWorld } from "../support/world.ts";
import { PROBE_CONFIG } from "../support/settings.ts";

const MINUTES = 15 * 60_000;

const { status, stdout, stderr } = spawnSync("bash", [join(import.meta.dir, "buildx.sh")], {
  encoding: "utf8",
});
if (status !== 0) process.stderr.write(stderr);

/** With buildx installed docker builds with BuildKit, which has its own log format and errors. */
describe.skipIf(status !== 0)("a real BuildKit", () => {
  const world = useWorld({}, "block");
  beforeAll(() => {
    mkdirSync(join(world.home, ".docker/cli-plugins"), { recursive: true });
    symlinkSync(stdout.trim(), join(world.home, ".docker/cli-plugins/docker-buildx"));
  });

  const build = async (more: object) => {
    put(world, "home/.config/silo/silo.jsonc", JSON.stringify({ ...PROBE_CONFIG, ...more }));
    return await probe(world, "echo ran");
  };

  test(
    "builds a working image and reports its steps",
    async () => {
      const hook = `echo ${crypto.randomUUID()}`;
      const { code, stdout, stderr } = await build({ post_build_hooks: [hook] });
      expect(stderr).toMatch(/^step \d+\/\d+ post_build_hooks$/m);
      expect({ code, stdout }).toEqual({ code: 0, stdout: "ran\n" });
    },
    MINUTES,
  );

  test(
    "a failed hook shows its last lines",
    async () => {
      const { code, stderr } = await build({ post_build_hooks: ["echo the reason; exit 5"] });
      expect(code).toBe(1);
      expect(stderr).toMatch(/error: building silo-codex:\w+ failed/);
      expect(stderr).toContain("this hook ended with exit code 5");
    },
    MINUTES,
  );

  test(
    "a base image that cannot be pulled is reported as such",
    async () => {
      const { stderr } = await build({ image: { base: "127.0.0.1:1/base:1", toolchains: [] } });
      expect(stderr).toContain("error: cannot pull the base image");
    },
    MINUTES,
  );
});
