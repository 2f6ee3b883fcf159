import { afterEach, expect, test } from "bun:test";
import { paint, safeText } from "../../src/ui/colour.ts";
import { table } from "../../src/ui/table.ts";

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

const terminal = { isTTY: true };

test("silo's own colours reach a terminal; all other control characters are made visible", () => {
  process.env["TERM"] = "xterm";
  delete process.env["NO_COLOR"];
  const red = paint("red", "é", terminal);
  expect(red).toBe("\u001B[31mé\u001B[0m");
  const hostile = "\u001B[2J\u001B]52;c;x\u0007\u001B[8m\u202E\r\u009B2J";
  expect(safeText(`${red}${hostile}\n\tx`, () => terminal)).toBe(
    `${red}\\u001b[2J\\u001b]52;c;x\\u0007\\u202e\\u000d\\u009b2J\n\tx`,
  );
});

test("a stream without colours gets none, and plain text does not even look at the stream", () => {
  process.env["NO_COLOR"] = "1";
  expect(safeText("\u001B[31mx\u001B[0m", () => terminal)).toBe("x");
  expect(safeText("\u001B[31mx\u001B[0m", () => ({ isTTY: false }))).toBe("x");
  const never = () => {
    throw new Error("asked for");
  };
  expect(safeText("plain\n\ttext é", never)).toBe("plain\n\ttext é");
});

test("JSON stays JSON with the same values", () => {
  const data = { "\u202E\u009B[31m": "a\u001B[31m\u007F\u{E0041}\n\t\\u001b" };
  const shown = safeText(JSON.stringify(data, undefined, 2), () => terminal);
  expect(JSON.parse(shown)).toEqual(data);
  expect(shown).toMatch(/^[\n\u0020-\u007E]*$/);
});

test("a cell of a table is one line without control characters", () => {
  expect(table(["A", "B"], [["x\n\ty", "\u001B[2J"]])).toBe(
    "A                B\nx\\u000a\\u0009y   \\u001b[2J",
  );
});
