import { describe, expect, test } from "bun:test";
import { fitted, frame } from "../../src/ui/live.ts";

const CLEAR = "\u001B[J\r";

/** Width on a terminal (wcwidth(3)), measured by another implementation. */
const columns = (text: string) => Bun.stringWidth(text);

describe("a live line", () => {
  const texts = [
    "building silo-codex:0011: step 3/9 npm install",
    "日本語のビルド手順",
    "👩‍👩‍👧 family",
    "é́combining",
    "",
  ];
  test.each(texts)("is never wider than the terminal: %s", (text) => {
    for (let width = 1; width <= 120; width += 1) {
      const drawn = frame("⠋", text, 12.7, width);
      expect(drawn).toEndWith(CLEAR);
      const shown = drawn.slice(0, -CLEAR.length);
      expect(columns(shown)).toBeLessThan(width);
      if (width > 6) expect(shown).toEndWith(" 12s");
    }
  });

  test("shows the whole text if it fits", () => {
    expect(frame("|", "building x", 0, 80)).toBe(`| building x 0s${CLEAR}`);
  });

  test("control characters, colours and line breaks do not reach the terminal", () => {
    expect(fitted("a\u001B[31mred\u001B[0m\nb\u001B]0;title\u0007", 80)).toBe(
      String.raw`ared b\u001b]0;title\u0007`,
    );
  });
});
