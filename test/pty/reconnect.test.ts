import { expect, test } from "bun:test";
import { type Pty, siloOnTerminal } from "../support/pty.ts";
import { slot } from "../support/slot.ts";
import { silo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { containers, useWorld } from "../support/world.ts";

const MINUTES = 5 * 60_000;
const HANGUP = 129;
/** A unique name, because other test runs may use the same engine. */
const NAME = `t${slot()}-kept-1`;

const world = useWorld();

const keep = (script: string) =>
  siloOnTerminal(world, ["codex", "--keep", "--name", NAME, "--", "probe", script]);
const reconnect = () => siloOnTerminal(world, ["reconnect", NAME]);

/** A tool that echoes its input, prints the terminal's size, and exits with its own status on a command. */
const TALK = [
  'trap "echo size \\$(stty size)" WINCH',
  "echo ready",
  // With a timeout, because a trap runs only after the read has ended.
  'while :; do read -r -t 0.1 word || continue; [ "$word" = end ] && exit 7; echo "heard $word"; done',
].join("\n");

/** Types until the tool echoes the text, because the engine's command may drop input before it is attached. */
async function answers(pty: Pty): Promise<void> {
  let asked = 0;
  await eventually("the tool answers", () => {
    if (asked++ % 25 === 0) pty.type("hello\n");
    return pty.screen().includes("heard hello");
  });
}

test(
  "the tool keeps running when its terminal closes, and reconnect reattaches to it",
  async () => {
    const first = keep(TALK);
    await first.shows("ready");
    first.kill("SIGHUP");
    expect(await first.exited).toBe(HANGUP);
    expect(first.screen()).toContain(`silo reconnect ${NAME}`);
    // Neither of the next two commands reaps it.
    for (const _ of [1, 2]) expect((await silo(world, ["ls", "-q"])).stdout).toContain("kept-1\n");

    const second = reconnect();
    await answers(second);
    // The CLI handles resizes only shortly after it has attached; but too many resizes would keep bash's read from returning.
    let [columns, told] = [100, 0];
    await eventually("the tool is told the size", () => {
      if (Date.now() - told > 500) {
        second.resize((columns += 1), 40);
        told = Date.now();
      }
      return /size 40 1\d\d/.test(second.screen());
    });
    second.kill("SIGHUP");
    expect(await second.exited).toBe(HANGUP);

    const third = reconnect();
    await answers(third);
    third.type("end\n");
    expect(await third.exited).toBe(7);
    // The engine deletes the container itself, shortly after the tool's exit.
    await eventually("it is gone", () => containers(world).length === 0);
    expect((await silo(world, ["ls", "-q"])).stdout).not.toContain("kept-1");
  },
  MINUTES,
);

test(
  "the tool keeps running when silo is killed",
  async () => {
    const first = keep(TALK);
    await first.shows("ready");
    first.kill("SIGKILL");
    await first.exited;
    expect((await silo(world, ["ls", "-q"])).stdout).toContain("kept-1\n");
    const second = reconnect();
    await answers(second);
    second.type("end\n");
    expect(await second.exited).toBe(7);
  },
  MINUTES,
);

test(
  "SIGTERM and Ctrl-C work as without --keep",
  async () => {
    const first = keep('trap "echo caught" INT; echo ready; while :; do sleep 0.1; done');
    await first.shows("ready");
    first.type("\u0003");
    await first.shows("caught");
    first.kill("SIGTERM");
    expect(await first.exited).toBe(143);
    await eventually("it is gone", () => containers(world).length === 0);
  },
  MINUTES,
);

test(
  "reconnect is refused if the tool is attached elsewhere, is unknown, or stdin is no TTY",
  async () => {
    const first = keep(TALK);
    await first.shows("ready");
    const second = reconnect();
    await second.shows(`${NAME} is already attached (process`);
    expect(await second.exited).toBe(1);
    const unknown = await silo(world, ["reconnect", `${NAME.slice(0, -1)}2`]);
    expect(unknown.stderr).toContain(`did you mean "${NAME}"`);
    const piped = await silo(world, ["reconnect", NAME]);
    expect(piped.stderr).toContain("silo reconnect requires a TTY");
    first.type("end\n");
    expect(await first.exited).toBe(7);
  },
  MINUTES,
);

test(
  "without --keep the tool is stopped when its terminal closes",
  async () => {
    const pty = siloOnTerminal(world, ["codex", "--", "probe", "echo ready; sleep 600"]);
    await pty.shows("ready");
    pty.kill("SIGHUP");
    await pty.exited;
    expect(containers(world)).toEqual([]);
  },
  MINUTES,
);
