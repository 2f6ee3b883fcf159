import { beforeEach, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { siloOnTerminal } from "../support/pty.ts";
import { useWorld } from "../support/world.ts";

const MINUTES = 5 * 60_000;

const world = useWorld({ backend: "container" });
beforeEach(() => {
  writeFileSync(join(world.root, "state/down"), "");
});

const down = () => existsSync(join(world.root, "state/down"));

test(
  "a stopped service is started after a confirmation, and the tool runs",
  async () => {
    const pty = siloOnTerminal(world, ["codex", "--", "probe", "echo the tool; exit 4"]);
    await pty.shows("the container service is not running. Start it now?");
    expect(down()).toBe(true);
    pty.type("\r");
    await pty.shows("the tool", 120_000);
    expect(await pty.exited).toBe(4);
    expect(down()).toBe(false);
  },
  MINUTES,
);

test("after a no the service is not started, and the hint has the command", async () => {
  const pty = siloOnTerminal(world, ["codex", "--", "probe", "true"]);
  await pty.shows("Start it now?");
  pty.type("n");
  await pty.shows("container system start");
  expect(await pty.exited).toBe(1);
  expect(down()).toBe(true);
});
