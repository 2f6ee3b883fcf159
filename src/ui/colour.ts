import { ESCAPE, printable } from "../core/text/quote.ts";

type Stream = { readonly isTTY?: boolean };

/** Whether a stream gets colours: it is a TTY, NO_COLOR (no-color.org) is not set, and TERM is not `dumb`. */
export function hasColour(stream: Stream): boolean {
  const { NO_COLOR, TERM } = process.env;
  return stream.isTTY === true && (NO_COLOR ?? "") === "" && TERM !== "dumb";
}

const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const;

/** Colours a text for a stream; returns it unchanged if the stream gets no colours. */
export function paint(colour: keyof typeof CODES, text: string, stream: Stream): string {
  return hasColour(stream) ? `${ESCAPE}[${CODES[colour]}m${text}${ESCAPE}[0m` : text;
}

/**
 * Makes a text safe for a stream: control characters are escaped, except for the colours of `paint` if the stream gets
 * colours.
 */
export function safeText(text: string, stream: () => Stream): string {
  // The stream is a function, because creating process.stdout takes milliseconds and few texts have an escape.
  if (!text.includes(ESCAPE) || !hasColour(stream())) return printable(text);
  const codes = [0, ...Object.values(CODES)].join("|");
  const own = new RegExp(String.raw`(${ESCAPE}\[(?:${codes})m)`);
  // The pieces with odd indices are colours.
  return text
    .split(own)
    .map((piece, i) => (i % 2 === 1 ? piece : printable(piece)))
    .join("");
}
