import { orUndefined } from "../files/peek.ts";
import { interactive } from "./process.ts";

/** Escape sequences that leave the alternate screen, mouse reporting, bracketed paste and colours, and show the cursor. */
const RESET =
  "\u001B[?1049l\u001B[?1000l\u001B[?1002l\u001B[?1003l\u001B[?1006l\u001B[?2004l\u001B[<u\u001B[?25h\u001B[0m";

type TtyWrap = { readonly isTTY?: (fd: number) => boolean };

/**
 * Whether a descriptor is a TTY. Calls the runtime's internal binding, as `node:tty` does, because `node:tty` and
 * `process.stdin` load all of Node's streams first, which takes 2 ms (Bun 1.4).
 */
export function isTerminal(fd: number): boolean {
  const { binding } = process as unknown as { binding?: (name: string) => TtyWrap };
  const asked = orUndefined(() => binding?.("tty_wrap").isTTY?.(fd));
  return asked ?? process.getBuiltinModule("node:tty").isatty(fd);
}

/** Resets the terminal after a program that used it was killed. */
export async function restoreTerminal(): Promise<void> {
  process.stdout.write(RESET);
  try {
    await (
      await interactive({ bin: "stty", args: ["sane"] }, () => {})
    ).exit;
  } catch {
    // Without stty only the escape sequences are sent.
  }
}
