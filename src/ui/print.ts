import { writeSync } from "node:fs";
import { errorCode } from "../errors.ts";
import { safeText } from "./colour.ts";

// All output of silo itself goes through these two functions, which escape all control sequences except silo's colours.

/**
 * Prints data and a line break on standard output. Uses the console, because it writes synchronously, ignores a closed
 * pipe, and does not create process.stdout, which takes milliseconds.
 */
export function printStdout(text: string): void {
  console.log(safeText(text, () => process.stdout));
}

const STDERR = 2;

/** Prints a message on standard error. Does not use the console, which would print it in red on a TTY. */
export function printStderr(text: string): void {
  // TextEncoder, because loading Buffer takes longer than writing the line.
  let bytes = new TextEncoder().encode(`${safeText(text, () => process.stderr)}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(STDERR, bytes));
  } catch (error) {
    // If the pipe is full, the rest is written asynchronously; errors of a closed pipe are ignored.
    if (errorCode(error) === "EAGAIN") process.stderr.write(bytes);
  }
}
