import { describe, expect, test } from "bun:test";
import { siloOnTerminal } from "../support/pty.ts";
import { PROBE_CONFIG } from "../support/settings.ts";
import { eventually } from "../support/eventually.ts";
import { BACKENDS, containers, killWorld, sweepWorld, useWorld, put } from "../support/world.ts";

const MINUTES = 5 * 60_000;

describe.each(BACKENDS)("%s", (backend) => {
  const world = useWorld({ backend });

  const probe = (script: string, after?: string) =>
    siloOnTerminal(world, ["codex", "--", "probe", script], after);

  test(
    "the tool has a terminal of the right size, and is told when it changes",
    async () => {
      const pty = probe(
        // An engine sets the size just after the start.
        "until [ \"$(stty size)\" != '0 0' ]; do sleep 0.01; done; trap 'echo now $(stty size)' WINCH; echo first $(stty size); while :; do sleep 0.1; done",
      );
      await pty.shows("first 24 80");
      pty.resize(100, 40);
      await pty.shows("now 40 100");
      pty.type("\u0003");
      expect(await pty.exited).toBe(130);
    },
    MINUTES,
  );

  test(
    "Ctrl-C reaches the tool, which decides what it means",
    async () => {
      const pty = probe("trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.1; done");
      await pty.shows("ready");
      pty.type("\u0003");
      await pty.shows("caught");
      expect(await pty.exited).toBe(7);
    },
    MINUTES,
  );

  test(
    "the keys that detach a docker terminal reach the tool",
    async () => {
      const pty = probe("stty raw -echo; echo ready; head -c 3 | od -An -tx1");
      await pty.shows("ready");
      pty.type("\u0010\u0011x");
      await pty.shows("10 11 78");
      expect(await pty.exited).toBe(0);
    },
    MINUTES,
  );

  test(
    "the terminal is as it was after the tool, in every kind of end",
    async () => {
      const sane = "stty -a | tr '\\n' ' '";
      const ended = probe("stty raw -echo; exit 3", sane);
      await ended.shows(/silo ended with 3\s[^]*[^-]icanon[^]* echo /);
      await ended.exited;

      const terminated = probe("stty raw -echo; echo ready; exec sleep 300", sane);
      await terminated.shows("ready");
      killWorld(world);
      // A machine that was stopped still has the tool's files, and so is kept.
      const end = backend === "fly" ? "1" : "137";
      await terminated.shows(new RegExp(`silo ended with ${end}\\s[^]*[^-]icanon[^]* echo `));
      await terminated.exited;
      sweepWorld(world);
    },
    MINUTES,
  );

  // A machine goes on when its terminal is closed: test/e2e/fly.test.ts.
  const ending = backend === "fly" ? (["SIGTERM"] as const) : (["SIGTERM", "SIGHUP"] as const);
  test.each(ending)(
    "%s to silo on a terminal ends the tool",
    async (signal) => {
      const pty = probe("echo ready; exec sleep 300");
      await pty.shows("ready");
      pty.kill(signal);
      expect(await pty.exited).toBeGreaterThan(128);
      await eventually("it is gone", () => containers(world).length === 0);
    },
    MINUTES,
  );

  // What is shown is not the backend's, and where a double plays it the build is Docker's once more.
  test.skipIf(backend === "fly" || backend === "container")(
    "a build shows one live line that is gone afterwards",
    async () => {
      // The tool's own hooks are the last step: what comes before may be cached.
      const hooks = [...PROBE_CONFIG.tools.codex.post_build_hooks, `: ${crypto.randomUUID()}`];
      const config = { ...PROBE_CONFIG, tools: { codex: { post_build_hooks: hooks } } };
      put(world, "home/.config/silo/silo.jsonc", JSON.stringify(config));
      const pty = siloOnTerminal(world, ["codex", "--", "probe", "echo here it is"]);
      await pty.shows(/building silo-codex:[0-9a-f]{16}: step \d+\/\d+/);
      await pty.shows("here it is", 120_000);
      expect(pty.screen()).toContain("\r\u001B[Jbuilt ");
      expect(pty.screen()).toMatch(/built silo-codex:[0-9a-f]{16} in \d+s/);
      expect(await pty.exited).toBe(0);
    },
    MINUTES,
  );
});
