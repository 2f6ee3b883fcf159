import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { TOOLS } from "../../src/tools/index.ts";
import { siloOnTerminal } from "../support/pty.ts";
import { finished, silo, startSilo } from "../support/silo.ts";
import { useWorld } from "../support/world.ts";
import { BASE_CONFIG, TESTER } from "../support/settings.ts";

/** Timeout of a test; the largest tool has 1.4 GB. */
const MINUTES = 10 * 60_000;

describe("real agents from their registries, by an ordinary user", () => {
  const world = useWorld({ user: TESTER, config: BASE_CONFIG }, "block");

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

  test(
    "codex reads a key from a pipe and stores it on the host",
    async () => {
      const key = "sk-of-a-test";
      const { code } = await silo(world, ["codex", "--", "login", "--with-api-key"], {
        input: key,
      });
      expect(code).toBe(0);
      expect(readFileSync(`${world.home}/.codex/auth.json`, "utf8")).toContain(key);
      const { stderr } = await silo(world, ["codex", "--", "login", "status"]);
      expect(stderr).toContain("API key configured");
    },
    MINUTES,
  );

  test.each([
    ["codex", ["exec", "--help"], "Run Codex non-interactively"],
    ["claude", ["mcp", "list"], "No MCP servers configured"],
    ["cline", ["auth", "--help"], "Authenticate a provider"],
  ])(
    "silo's flags for %s do not break its subcommands",
    async (name, args, expected) => {
      const { code, stdout } = await silo(world, [name, "--", ...args]);
      expect(stdout).toContain(expected);
      expect(code).toBe(0);
    },
    MINUTES,
  );

  test(
    "opencode fills the terminal, adapts to its size, and exits on Ctrl-C",
    async () => {
      const pty = siloOnTerminal(world, ["opencode"]);
      await pty.shows("\u001B[24;1H", 60_000);
      await pty.shows("ctrl+p");
      pty.resize(100, 40);
      await pty.shows("\u001B[40;1H");
      pty.type("\u0003");
      expect(await pty.exited).toBe(0);
    },
    MINUTES,
  );

  test(
    "Paperclip listens on the host's loopback, and a second one with the same data is refused",
    async () => {
      const first = startSilo(world, ["paperclipai"]);
      const ended = finished(first);
      try {
        const health = await answered("http://127.0.0.1:3100/api/health");
        expect(health).toContain("local_trusted");
        const second = await silo(world, ["paperclipai"]);
        expect(second.code).toBe(1);
        expect(second.stderr).toContain("paperclipai is already running (process");
        expect(second.stderr).toContain("silo ls");
      } finally {
        first.kill("SIGTERM");
        await ended;
      }
    },
    MINUTES,
  );
});

/** The response of a local URL, as soon as there is one. */
async function answered(url: string): Promise<string> {
  for (;;) {
    try {
      const response = await fetch(url);
      if (response.ok) return await response.text();
    } catch {
      // The server does not listen yet.
    }
    await Bun.sleep(200);
  }
}
