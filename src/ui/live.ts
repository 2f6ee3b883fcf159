import stringWidth from "fast-string-width";
import { isUtf8 } from "../core/text/locale.ts";
import { printable } from "../core/text/quote.ts";
import { hasColour } from "./colour.ts";

const SIGNS = {
  utf8: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
  ascii: ["|", "/", "-", "\\"],
} as const;
const FRAME_MS = 100;
/** What ends sooner needs no word. */
const PATIENCE_MS = 500;

/** A line that is drawn over and over on standard error until it is taken away. */
export type LiveLine = { readonly say: (text: string) => void; readonly stop: () => void };

/** Whether a line may move: on a terminal with colours, and not where somebody reads a log of it. */
export function canAnimate(): boolean {
  return hasColour(process.stderr) && (process.env["CI"] ?? "") === "";
}

/** A text in at most `width` columns, whatever its characters take; cut where it is too long. */
export function fitted(text: string, width: number): string {
  const whole = printable(text).replaceAll(/\s+/g, " ");
  let cut = "";
  let room = width;
  // What readers take for one character is kept whole.
  for (const { segment } of new Intl.Segmenter().segment(whole)) {
    room -= stringWidth(segment);
    if (room < 0) break;
    cut += segment;
  }
  return cut;
}

/**
 * One picture of a live line: never wider than the terminal, and the cursor at its start, so that the next
 * one hits it even where the terminal was narrowed and has broken the line in two.
 */
export function frame(sign: string, text: string, seconds: number, width: number): string {
  const tail = ` ${Math.floor(seconds)}s`;
  const line = `${fitted(`${sign} ${text}`, width - tail.length - 1)}${tail}`;
  return `${fitted(line, width - 1)}\u001B[J\r`;
}

/** Shows a line that lives, with the seconds since `start` (of `performance.now()`). */
export function liveLine(first: string, start: number = performance.now()): LiveLine {
  let text = first;
  let turn = 0;
  let stopped = false;
  const signs = isUtf8(process.env, process.platform) ? SIGNS.utf8 : SIGNS.ascii;
  const draw = () => {
    turn = (turn + 1) % signs.length;
    const seconds = (performance.now() - start) / 1000;
    process.stderr.write(frame(signs[turn] ?? "", text, seconds, process.stderr.columns || 80));
  };
  draw();
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  return {
    say: (next) => {
      text = next;
    },
    stop: () => {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      process.stderr.write("\r\u001B[J");
    },
  };
}

/** Shows that something is going on, where it takes longer than an instant and somebody looks. */
export async function waiting<T>(what: string, work: Promise<T>): Promise<T> {
  if (!canAnimate()) return await work;
  const start = performance.now();
  let line: LiveLine | undefined;
  const timer = setTimeout(() => {
    line = liveLine(what, start);
  }, PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    line?.stop();
  }
}
