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
    "the tool's terminal has the right size, and is resized",
    async () => {
      const pty = probe(
        // An engine sets the size shortly after the start.
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
    "Ctrl-C is passed to the tool",
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
    "docker's default detach keys are passed to the tool",
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
    "the terminal's settings are restored after every kind of exit",
    async () => {
      const sane = "stty -a | tr '\\n' ' '";
      const ended = probe("stty raw -echo; exit 3", sane);
      await ended.shows(/silo ended with 3\s[^]*[^-]icanon[^]* echo /);
      await ended.exited;

      const terminated = probe("stty raw -echo; echo ready; exec sleep 300", sane);
      await terminated.shows("ready");
      killWorld(world);
      // A stopped machine is kept, because it still has the tool's files.
      const end = backend === "fly" ? "1" : "137";
      await terminated.shows(new RegExp(`silo ended with ${end}\\s[^]*[^-]icanon[^]* echo `));
      await terminated.exited;
      sweepWorld(world);
    },
    MINUTES,
  );

  // A machine keeps running when its terminal closes: test/e2e/fly.test.ts.
  const ending = backend === "fly" ? (["SIGTERM"] as const) : (["SIGTERM", "SIGHUP"] as const);
  test.each(ending)(
    "%s to silo on a terminal stops the tool",
    async (signal) => {
      const pty = probe("echo ready; exec sleep 300");
      await pty.shows("ready");
      pty.kill(signal);
      expect(await pty.exited).toBeGreaterThan(128);
      await eventually("it is gone", () => containers(world).length === 0);
    },
    MINUTES,
  );

  // The progress line does not depend on the backend, and the doubles build with Docker too.
  test.skipIf(backend === "fly" || backend === "container")(
    "a build shows one live line, which is erased afterwards",
    async () => {
      // Hooks are the last step of a build, so that the earlier ones can be cached.
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
