import { expect, test } from "bun:test";
import { type Pty, siloOnTerminal } from "../support/pty.ts";
import { slot } from "../support/slot.ts";
import { silo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { containers, useWorld } from "../support/world.ts";

const MINUTES = 5 * 60_000;
const HANGUP = 129;
/** Names are the engine's, which other test runs may use too. */
const NAME = `t${slot()}-kept-1`;

const world = useWorld();

const keep = (script: string) =>
  siloOnTerminal(world, ["codex", "--keep", "--name", NAME, "--", "probe", script]);
const reconnect = () => siloOnTerminal(world, ["reconnect", NAME]);

/** Answers what is typed, tells its size, and ends by a word with a code of its own. */
const TALK = [
  'trap "echo size \\$(stty size)" WINCH',
  "echo ready",
  // A trap waits for the end of a read, so none may last.
  'while :; do read -r -t 0.1 word || continue; [ "$word" = end ] && exit 7; echo "heard $word"; done',
].join("\n");

/** Waits until the tool has what is typed: the engine's command may drop what comes before it is attached. */
async function answers(pty: Pty): Promise<void> {
  let asked = 0;
  await eventually("the tool answers", () => {
    if (asked++ % 25 === 0) pty.type("hello\n");
    return pty.screen().includes("heard hello");
  });
}

test(
  "a closed terminal leaves the tool running, and reconnect comes back to it",
  async () => {
    const first = keep(TALK);
    await first.shows("ready");
    first.kill("SIGHUP");
    expect(await first.exited).toBe(HANGUP);
    expect(first.screen()).toContain(`silo reconnect ${NAME}`);
    // Neither the next command nor the one after that takes it for a leftover.
    for (const _ of [1, 2]) expect((await silo(world, ["ls", "-q"])).stdout).toContain("kept-1\n");

    const second = reconnect();
    await answers(second);
    // The CLI listens for new sizes a moment after it has attached; told too often, bash's read would never end.
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
    // The engine deletes it by itself, a moment after the tool's end.
    await eventually("it is gone", () => containers(world).length === 0);
    expect((await silo(world, ["ls", "-q"])).stdout).not.toContain("kept-1");
  },
  MINUTES,
);

test(
  "a killed silo process leaves the tool running too",
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
  "SIGTERM ends it, and Ctrl-C reaches it, as without --keep",
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
  "without --keep a closed terminal ends the tool",
  async () => {
    const pty = siloOnTerminal(world, ["codex", "--", "probe", "echo ready; sleep 600"]);
    await pty.shows("ready");
    pty.kill("SIGHUP");
    await pty.exited;
    expect(containers(world)).toEqual([]);
  },
  MINUTES,
);
