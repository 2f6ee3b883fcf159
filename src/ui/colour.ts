import { ESCAPE, printable } from "../core/text/quote.ts";

type Stream = { readonly isTTY?: boolean };

/** Whether a stream gets colours: a TTY, no NO_COLOR (no-color.org), and TERM is not `dumb`. */
export function hasColour(stream: Stream): boolean {
  const { NO_COLOR, TERM } = process.env;
  return stream.isTTY === true && (NO_COLOR ?? "") === "" && TERM !== "dumb";
}

const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const;

/** Text in a colour for a stream; unchanged if the stream gets no colours. */
export function paint(colour: keyof typeof CODES, text: string, stream: Stream): string {
  return hasColour(stream) ? `${ESCAPE}[${CODES[colour]}m${text}${ESCAPE}[0m` : text;
}

/**
 * Text that is safe to write to a stream: every control character is made visible, but the colours of `paint`
 * stay if the stream gets colours.
 */
export function safeText(text: string, stream: () => Stream): string {
  // Creating process.stdout takes milliseconds, so the stream is looked at only if the text has an escape.
  if (!text.includes(ESCAPE) || !hasColour(stream())) return printable(text);
  const codes = [0, ...Object.values(CODES)].join("|");
  const own = new RegExp(String.raw`(${ESCAPE}\[(?:${codes})m)`);
  // The odd pieces are the colours.
  return text
    .split(own)
    .map((piece, i) => (i % 2 === 1 ? piece : printable(piece)))
    .join("");
}
