import { printableLine } from "../core/text/quote.ts";

/** Rows in aligned columns below a heading; each cell on one line, with control characters made visible. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return columns([heading, ...rows.map((row) => row.map(printableLine))]).join("\n");
}

/** Rows as lines with aligned columns; the last column is not padded. */
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

/** Names and their descriptions in two columns; on a narrow terminal each description is below its name. */
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

/** A text as lines of at most `width` columns; a longer word is not broken. */
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
