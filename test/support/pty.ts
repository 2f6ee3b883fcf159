import { PATIENCE_MS } from "./eventually.ts";
import { siloCommand } from "./silo.ts";
import type { World } from "./world.ts";

/** A program on a real PTY. */
export type Pty = {
  /** All output so far. */
  readonly screen: () => string;
  readonly type: (keys: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Waits until a text or pattern is in the output, ignoring colours. */
  readonly shows: (what: string | RegExp, limitMs?: number) => Promise<void>;
  readonly exited: Promise<number>;
  readonly kill: (signal: NodeJS.Signals) => void;
};

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");

/** Starts a program on a PTY of 80 columns and 24 rows. */
export function onTerminal(command: readonly string[], world: World): Pty {
  let text = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn([...command], {
    cwd: world.project,
    env: { ...world.env },
    terminal: {
      cols: 80,
      rows: 24,
      data: (_, chunk) => {
        text += decoder.decode(chunk, { stream: true });
      },
    },
  });
  return {
    screen: () => text,
    type: (keys) => void child.terminal?.write(keys),
    resize: (columns, rows) => child.terminal?.resize(columns, rows),
    shows: async (what, limitMs = PATIENCE_MS) => {
      const end = Date.now() + limitMs;
      const fits = (shown: string) =>
        typeof what === "string" ? shown.includes(what) : what.test(shown);
      const there = () => fits(text) || fits(text.replaceAll(COLOURS, ""));
      while (!there()) {
        if (Date.now() > end) throw new Error(`not on the screen: ${String(what)}\n${text}`);
        await Bun.sleep(20);
      }
    },
    exited: child.exited,
    kill: (signal) => child.kill(signal),
  };
}

/** Starts silo on a PTY; with `after`, in a shell that runs that command when silo has exited. */
export function siloOnTerminal(world: World, args: readonly string[], after?: string): Pty {
  const [bin, argv] = siloCommand(world, args);
  const command = [bin, ...argv];
  if (after === undefined) return onTerminal(command, world);
  return onTerminal(
    ["sh", "-c", `"$@"; echo "silo ended with $?"; ${after}`, "sh", ...command],
    world,
  );
}
