import { ESCAPE, printable } from "../core/text/quote.ts";

type Stream = { readonly isTTY?: boolean };

/** Whether a stream gets colours: a terminal that has them, and no NO_COLOR (no-color.org). */
export function hasColour(stream: Stream): boolean {
  const { NO_COLOR, TERM } = process.env;
  return stream.isTTY === true && (NO_COLOR ?? "") === "" && TERM !== "dumb";
}

const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const;

/** Text in a colour for a stream; unchanged where there are none. */
export function paint(colour: keyof typeof CODES, text: string, stream: Stream): string {
  return hasColour(stream) ? `${ESCAPE}[${CODES[colour]}m${text}${ESCAPE}[0m` : text;
}

/**
 * Text as it may be written to a stream: of all that a terminal obeys, only silo's own few colours are left, and
 * these only where the stream gets colours.
 */
export function safeText(text: string, stream: () => Stream): string {
  // To make process.stdout takes milliseconds, so it is asked for only where it matters.
  if (!text.includes(ESCAPE) || !hasColour(stream())) return printable(text);
  const codes = [0, ...Object.values(CODES)].join("|");
  const own = new RegExp(String.raw`(${ESCAPE}\[(?:${codes})m)`);
  // Every second piece is one of the colours.
  return text
    .split(own)
    .map((piece, i) => (i % 2 === 1 ? piece : printable(piece)))
    .join("");
}
