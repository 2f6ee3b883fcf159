import { writeSync } from "node:fs";
import { errorCode } from "../errors.ts";
import { safeText } from "./colour.ts";

// All output of silo itself goes through these two functions, which let no control sequence but silo's colours pass.

/**
 * Prints data and a line break on standard output. Uses the console, because it writes everything before it returns,
 * ignores a closed pipe, and avoids creating process.stdout, which takes milliseconds.
 */
export function printStdout(text: string): void {
  console.log(safeText(text, () => process.stdout));
}

const STDERR = 2;

/** Prints a line for people on standard error. Does not use the console, which would paint it red on a TTY. */
export function printStderr(text: string): void {
  // TextEncoder, because loading Buffer takes longer than writing the line.
  let bytes = new TextEncoder().encode(`${safeText(text, () => process.stderr)}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(STDERR, bytes));
  } catch (error) {
    // A full pipe gets the rest later; errors of a closed one are ignored.
    if (errorCode(error) === "EAGAIN") process.stderr.write(bytes);
  }
}
