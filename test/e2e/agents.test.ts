import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TOOLS } from "../../src/tools/index.ts";
import {
  BASE_CONFIG,
  containers,
  destroyWorld,
  makeWorld,
  silo,
  TESTER,
  type World,
} from "../support/silo.ts";

/** The biggest installs 1.4 GB. */
const MINUTES = 10 * 60_000;

describe("real agents from their registries, by an ordinary user", () => {
  let world: World;
  beforeAll(() => {
    world = makeWorld({ user: TESTER, config: BASE_CONFIG });
  });
  afterAll(() => {
    expect(containers(world)).toEqual([]);
    destroyWorld(world);
  });

  test.each(TOOLS.map((tool) => [tool.name, tool] as const))(
    "%s --version",
    async (name, tool) => {
      const { code, stdout, stderr } = await silo(world, [name, "--", "--version"]);
      expect(stderr).not.toContain("error:");
      expect(stdout).toContain(tool.knownVersion);
      expect(code).toBe(0);
    },
    MINUTES,
  );
});
