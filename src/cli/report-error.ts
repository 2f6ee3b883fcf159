import { printable } from "../core/text/quote.ts";
import { Cancelled, errorCode, errorText, SiloError } from "../errors.ts";
import { paint } from "../ui/colour.ts";
import { printStderr } from "../ui/print.ts";

/** Converts a file system error to a SiloError with a hint; undefined for other errors. */
function ofSystem(error: unknown): SiloError | undefined {
  const code = errorCode(error);
  const path = error instanceof Error && "path" in error ? error.path : undefined;
  if (code === undefined || typeof path !== "string") return undefined;
  return new SiloError(`${path} cannot be used: ${errorText(error)}`, {
    hint: code === "ENOSPC" || code === "EDQUOT" ? `df -h ${path}` : `ls -ld ${path}`,
  });
}

/** Prints an error on standard error: message, details and hint. @returns the exit code. */
export function printError(error: unknown): number {
  const out = process.stderr;
  if (error instanceof Cancelled) return error.exitCode;
  const known = error instanceof SiloError ? error : ofSystem(error);
  const what = known?.message ?? `silo failed: ${errorText(error)}`;
  printStderr(`${paint("red", "error", out)}: ${printable(what)}`);
  for (const line of known?.detail ?? []) printStderr(`  ${printable(line)}`);
  const hint =
    known === undefined
      ? "SILO_DEBUG=1 silo ...   # prints the stack trace; please report this bug"
      : known.hint;
  if (hint !== undefined) printStderr(`${paint("cyan", "hint", out)}: ${printable(hint)}`);
  if (process.env["SILO_DEBUG"] === "1" && error instanceof Error) printStderr(error.stack ?? "");
  return known?.exitCode ?? 1;
}
