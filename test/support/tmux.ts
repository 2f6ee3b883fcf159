import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { PATIENCE_MS } from "./eventually.ts";
import { siloCommand } from "./silo.ts";
import type { World } from "./world.ts";

/** A real terminal, which wraps lines and can be resized. */
export type Screen = {
  /** The lines that are visible now, without trailing spaces. */
  readonly lines: () => readonly string[];
  readonly type: (...keys: readonly string[]) => void;
  readonly resize: (columns: number, rows: number) => void;
  readonly shows: (what: RegExp, limitMs?: number) => Promise<void>;
  readonly close: () => void;
};

export const hasTmux = spawnSync("tmux", ["-V"]).status === 0;

/** Starts silo in tmux. A shell keeps running after it, so that its last output can be read. */
export function siloInTmux(
  world: World,
  args: readonly string[],
  columns: number,
  rows = 24,
): Screen {
  const server = `silo-test-${randomUUID()}`;
  const tmux = (...words: readonly string[]) =>
    spawnSync("tmux", ["-f", "/dev/null", "-L", server, ...words], {
      cwd: world.project,
      env: { ...world.env },
      encoding: "utf8",
    }).stdout;
  const [bin, argv] = siloCommand(world, args);
  const line = [bin, ...argv].map((word) => `'${word}'`).join(" ");
  tmux(
    "-u",
    "new-session",
    "-d",
    "-x",
    `${columns}`,
    "-y",
    `${rows}`,
    `${line}; echo "ended with $?"; exec sleep 600`,
  );
  const lines = () =>
    tmux("capture-pane", "-p")
      .split("\n")
      .map((text) => text.trimEnd());
  return {
    lines,
    type: (...keys) => void tmux("send-keys", ...keys),
    resize: (width, height) => void tmux("resize-window", "-x", `${width}`, "-y", `${height}`),
    shows: async (what, limitMs = PATIENCE_MS) => {
      const end = Date.now() + limitMs;
      while (!what.test(lines().join("\n"))) {
        if (Date.now() > end) throw new Error(`not on the screen: ${what}\n${lines().join("\n")}`);
        await Bun.sleep(30);
      }
    },
    close: () => void tmux("kill-server"),
  };
}
