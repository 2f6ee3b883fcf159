import stringWidth from "fast-string-width";
import { isUtf8 } from "../core/text/locale.ts";
import { printable } from "../core/text/quote.ts";
import { hasColour } from "./colour.ts";

const SIGNS = {
  utf8: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
  ascii: ["|", "/", "-", "\\"],
} as const;
const FRAME_MS = 100;
/** Delay before a live line is shown, so that short work shows none. */
const PATIENCE_MS = 500;

/** A line on standard error that is redrawn until `stop` erases it. */
export type LiveLine = { readonly say: (text: string) => void; readonly stop: () => void };

/** Whether a line may be redrawn: on a TTY with colours, but not in CI, whose log would keep every frame. */
export function canAnimate(): boolean {
  return hasColour(process.stderr) && (process.env["CI"] ?? "") === "";
}

/** Cuts a text to at most `width` columns; wide characters count as two. */
export function fitted(text: string, width: number): string {
  const whole = printable(text).replaceAll(/\s+/g, " ");
  let cut = "";
  let room = width;
  // By grapheme, because one may have several code points, such as a flag.
  for (const { segment } of new Intl.Segmenter().segment(whole)) {
    room -= stringWidth(segment);
    if (room < 0) break;
    cut += segment;
  }
  return cut;
}

/**
 * One frame of a live line. It is narrower than the terminal and leaves the cursor at its start, so that the next frame
 * overwrites it even if the terminal was narrowed and has wrapped the line.
 */
export function frame(sign: string, text: string, seconds: number, width: number): string {
  const tail = ` ${Math.floor(seconds)}s`;
  const line = `${fitted(`${sign} ${text}`, width - tail.length - 1)}${tail}`;
  return `${fitted(line, width - 1)}\u001B[J\r`;
}

/** Shows a live line with the seconds since `start`. @param start a time of `performance.now()`. */
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

/** Awaits work, and shows a live line on a TTY if the work takes longer than half a second. */
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
