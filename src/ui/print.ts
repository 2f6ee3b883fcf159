import { writeSync } from "node:fs";
import { errorCode } from "../errors.ts";
import { safeText } from "./colour.ts";

// All that silo itself says goes through these two, and nothing that steers a terminal gets through them.

/**
 * Data for standard output, with a line end. By the console, which writes everything before it returns,
 * takes a reader that has gone for no error, and spares the milliseconds that making process.stdout takes.
 */
export function print(text: string): void {
  console.log(safeText(text, () => process.stdout));
}

const STDERR = 2;

/** A line for people, on standard error; not by the console, which would paint it red on a terminal. */
export function say(text: string): void {
  // Not by Buffer, which takes longer to be made than the line takes to be written.
  let bytes = new TextEncoder().encode(`${safeText(text, () => process.stderr)}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(STDERR, bytes));
  } catch (error) {
    // A pipe that is full for now takes the rest later; a reader that has gone needs none.
    if (errorCode(error) === "EAGAIN") process.stderr.write(bytes);
  }
}
