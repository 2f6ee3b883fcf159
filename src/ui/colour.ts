type Stream = { readonly isTTY?: boolean };

/** Whether a stream gets colours: a terminal that has them, and no NO_COLOR (no-color.org). */
export function hasColour(stream: Stream): boolean {
  const { NO_COLOR, TERM } = process.env;
  return stream.isTTY === true && (NO_COLOR ?? "") === "" && TERM !== "dumb";
}

const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const;

/** Text in a colour for a stream; unchanged where there are none. */
export function paint(colour: keyof typeof CODES, text: string, stream: Stream): string {
  return hasColour(stream) ? `\u001B[${CODES[colour]}m${text}\u001B[0m` : text;
}
