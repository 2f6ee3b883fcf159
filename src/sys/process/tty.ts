import { orUndefined } from "../files/peek.ts";
import { interactive } from "./process.ts";

/** Leaves the alternate screen, mouse reporting, bracketed paste and colours, and shows the cursor again. */
const RESET =
  "\u001B[?1049l\u001B[?1000l\u001B[?1002l\u001B[?1003l\u001B[?1006l\u001B[?2004l\u001B[<u\u001B[?25h\u001B[0m";

type TtyWrap = { readonly isTTY?: (fd: number) => boolean };

/**
 * Whether a descriptor is a terminal. Asked of the runtime's core, as `node:tty` does itself, since that and
 * `process.stdin` first load all of Node's streams: 2 ms of a start (Bun 1.4).
 */
export function isTerminal(fd: number): boolean {
  const { binding } = process as unknown as { binding?: (name: string) => TtyWrap };
  const asked = orUndefined(() => binding?.("tty_wrap").isTTY?.(fd));
  return asked ?? process.getBuiltinModule("node:tty").isatty(fd);
}

/** Makes the terminal usable after a program was killed on it. */
export async function restoreTerminal(): Promise<void> {
  process.stdout.write(RESET);
  try {
    await (
      await interactive({ bin: "stty", args: ["sane"] }, () => {})
    ).exit;
  } catch {
    // No stty: the sequences have to do.
  }
}
