import { expect, test } from "bun:test";
import { siloOnTerminal } from "../support/pty.ts";
import { docker, finished, probe, silo, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { containers, useWorld } from "../support/world.ts";

const MINUTES = 5 * 60_000;
const [ESCAPE, CTRL_C, TAB, ENTER] = ["\u001B", "\u0003", "\t", "\r"] as const;

const world = useWorld();

test("plain silo shows a picker, which filters tools by the typed text", async () => {
  const pty = siloOnTerminal(world, ["--dry-run"]);
  await pty.shows("● claude");
  await pty.shows("Paperclip AI: Runs a team");
  pty.type("vib");
  await pty.shows("● vibe");
  pty.type(ENTER);
  await pty.shows(/tool +vibe/);
  expect(await pty.exited).toBe(0);
});

test.each([
  ["Esc", ESCAPE],
  ["Ctrl-C", CTRL_C],
])("%s cancels the picker, and silo exits with 130", async (_, key) => {
  const pty = siloOnTerminal(world, []);
  await pty.shows("Which tool?");
  pty.type(key);
  expect(await pty.exited).toBe(130);
});

test(
  "the tool last used in the directory is first",
  async () => {
    expect((await probe(world, "true")).code).toBe(0);
    const pty = siloOnTerminal(world, []);
    await pty.shows("● codex");
    pty.type(ESCAPE);
    await pty.exited;
  },
  MINUTES,
);

test("without a TTY the error names the argument to use", async () => {
  const { code, stderr } = await silo(world, []);
  expect(code).toBe(2);
  expect(stderr).toContain("hint: silo claude");
  expect(stderr).not.toContain("\u001B");
});

test(
  "plain silo rm shows a picker, and asks before it stops a running container",
  async () => {
    const names = ["first", "second"].map((name) => `${name}-${crypto.randomUUID().slice(0, 8)}`);
    const running = names.map((name) =>
      finished(startSilo(world, ["codex", "--name", name, "--", "probe", "sleep 600"])),
    );
    await eventually("both run", () => containers(world, "running").length === 2);
    const pty = siloOnTerminal(world, ["rm"]);
    await pty.shows(/◻ first-\w+ +codex +docker +Up/);
    pty.type("first");
    await pty.shows("(1 match)");
    pty.type(TAB);
    await pty.shows("◼ first");
    pty.type(ENTER);
    await pty.shows("is running. Stop and remove it?");
    pty.type("y");
    expect(await pty.exited).toBe(0);
    expect(containers(world, "running")).toEqual(names.slice(1));
    docker("rm", "-f", ...containers(world));
    await Promise.all(running);
  },
  MINUTES,
);
