import { printableLine } from "../core/text/quote.ts";

/** Rows in aligned columns under a heading. A cell is shown on one line, as `print` would show it. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return columns([heading, ...rows.map((row) => row.map(printableLine))]).join("\n");
}

/** Rows as lines with aligned columns; the last one is not padded. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
}

/** Two columns; where the terminal is too narrow, the text stands below its word. */
export function described(
  pairs: readonly (readonly [string, string])[],
  width: number,
): readonly string[] {
  const left = Math.max(...pairs.map(([word]) => word.length)) + 4;
  const narrow = width - left < 24;
  const indent = " ".repeat(narrow ? 6 : left);
  return pairs.map(([word, text]) => {
    const lines = wrapped(text, width - indent.length);
    const body = lines.join(`\n${indent}`);
    return narrow ? `  ${word}\n${indent}${body}` : `${`  ${word}`.padEnd(left)}${body}`;
  });
}

/** A text as lines of at most `width` columns; longer words stay whole. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
