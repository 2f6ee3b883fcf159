import { describe, expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTerminal, siloOnTerminal } from "../support/pty.ts";
import { silo } from "../support/silo.ts";
import type { World } from "../support/world.ts";
import { file, stage } from "./boxes.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const NAME = "terminal escape sequences in names";

/** Texts that a terminal interprets, hides, or shows in another order. */
const TEXTS = [
  ["writes into the clipboard", "\u001B]52;c;ZXZpbA==\u0007"],
  ["sets the title", "\u001B]0;evil\u001B\\"],
  ["clears the screen", "\u001B[2J\u001B[3;3Hevil"],
  ["asks the terminal for an answer", "\u001B[6n\u001BP$q q\u001B\\"],
  ["controls of one byte", "\u009B2J\u009D52;c;ZXZpbA==\u009C"],
  ["turns the writing around", "safe\u202Etxt.exe\u2066x\u2069"],
  ["cannot be seen", "sa\u200Bfe\u{E0041}\u{E0042}"],
  ["another line", "safe\u2028approved: yes\u0085x"],
] as const;

/** Settings with untrusted text that appears in silo's messages. */
const SOURCES = [
  ["a mount", (text: string) => ({ mounts_ro: [`./${text}`] })],
  ["a mount elsewhere", (text: string) => ({ mounts_rw: [`/nowhere/${text}`] })],
  ["a variable", (text: string) => ({ env: [`${text}=1`] })],
  ["a hook", (text: string) => ({ pre_run_hooks: [text] })],
  ["a port", (text: string) => ({ ports: [text] })],
  ["a key", (text: string) => ({ [text]: 1 })],
  ["a pattern", (text: string) => ({ repos: { [text]: { env: ["HOME"] } } })],
  ["a tool", (text: string) => ({ tool: text })],
  ["a base image", (text: string) => ({ image: { base: text } })],
  ["an engine", (text: string) => ({ backends: { docker: { command: text } } })],
] as const;

/** Commands that show a project's settings, with and without an approval. */
const SHOWING: readonly (readonly [command: readonly string[], env: Record<string, string>])[] = [
  [["codex", "--dry-run"], {}],
  [["codex", "--dry-run"], { SILO_TRUST: "1" }],
  [["codex", "--dry-run", "--json"], { SILO_TRUST: "1" }],
  [["config", "show"], {}],
  [["config", "trust"], {}],
];

/** Commands that show the directory and the engines. */
const OTHERS = [
  ["config", "show", "--json"],
  ["config", "paths", "-v"],
  ["config", "trust", "--list"],
  ["ls"],
  ["ls", "--json"],
  ["doctor"],
];

describe("on a terminal", () => {
  const { project } = stage("docker");

  /** All output of a command, on a terminal and in a pipe. Prompts are answered with no. */
  async function shown(world: World, command: readonly string[], env: Record<string, string> = {}) {
    const there = { ...world, env: { ...world.env, ...env } };
    const pty = siloOnTerminal(there, command);
    const ended = pty.exited.then(() => true);
    const asks = pty.shows(/Allow|Approve|Continue/, 20_000).then(
      () => pty.type("n"),
      () => {},
    );
    await Promise.race([ended, asks]);
    await ended;
    return pty.screen();
  }

  for (const [what, text] of TEXTS) {
    for (const [source, content] of SOURCES) {
      holds(NAME, "host", `${source} that ${what}`, async () => {
        const world = project();
        file(world, "silo.jsonc", JSON.stringify(content(text)));
        for (const [command, env] of SHOWING) {
          const screen = await shown(world, command, env);
          expect([command, raw(screen, text)]).toEqual([command, []]);
        }
      });
    }

    holds(NAME, "host", `the directory's own name ${what}`, async () => {
      const world = project();
      const odd = { ...world, project: join(world.project, text.replaceAll("/", "")) };
      mkdirSync(odd.project);
      for (const command of [...SHOWING.map(([words]) => words), ...OTHERS]) {
        const screen = await shown(odd, command);
        expect([command, raw(screen, text)]).toEqual([command, []]);
      }
    });
  }

  holds(NAME, "host", "JSON stays JSON, and says the text as it is", async () => {
    for (const [, text] of TEXTS) {
      const world = project();
      const written = { pre_run_hooks: [text] };
      file(world, "silo.jsonc", JSON.stringify(written));
      const { stdout } = await silo(world, ["config", "show", "--json"]);
      const parsed = JSON.parse(stdout) as object;
      expect(JSON.stringify(parsed)).toContain(JSON.stringify(text));
    }
  });

  bites(NAME, "host", "a program that prints the names steers the terminal", async () => {
    for (const [, text] of TEXTS) {
      const world = project();
      file(world, "names", text);
      const pty = onTerminal(["cat", join(world.project, "names")], world);
      await pty.exited;
      expect(raw(pty.screen(), text)).not.toEqual([]);
    }
  });
});

/** Escape sequences and single characters that a terminal interprets or hides; the second list is silo's own. */
const SEQUENCE = /\p{Cc}[\]P[][^\p{Cc}]{2,}|[\p{C}\p{Zl}\p{Zp}]/gu;
const SILOS = new Set(["\u001B", "\u0007"]);

/** The parts of a text that reach the terminal unescaped. */
function raw(screen: string, text: string): readonly string[] {
  const pieces = text.match(SEQUENCE) ?? [];
  return pieces.filter((piece) => !SILOS.has(piece) && screen.includes(piece));
}

tableAtEnd("escape/terminal.test.ts");
