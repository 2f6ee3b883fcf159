import { printable } from "../core/text/quote.ts";
import { Cancelled, errorCode, errorText, SiloError } from "../errors.ts";
import { paint } from "../ui/colour.ts";
import { say } from "../ui/print.ts";

/** A failure of the file system as an error that people can mend; undefined for any other. */
function ofSystem(error: unknown): SiloError | undefined {
  const code = errorCode(error);
  const path = error instanceof Error && "path" in error ? error.path : undefined;
  if (code === undefined || typeof path !== "string") return undefined;
  return new SiloError(`${path} cannot be used: ${errorText(error)}`, {
    hint: code === "ENOSPC" || code === "EDQUOT" ? `df -h ${path}` : `ls -ld ${path}`,
  });
}

/** Tells an error on standard error: what, why, and the command that mends it. @returns the exit code. */
export function report(error: unknown): number {
  const out = process.stderr;
  if (error instanceof Cancelled) return error.exitCode;
  const known = error instanceof SiloError ? error : ofSystem(error);
  const what = known?.message ?? `silo failed: ${errorText(error)}`;
  say(`${paint("red", "error", out)}: ${printable(what)}`);
  for (const line of known?.detail ?? []) say(`  ${printable(line)}`);
  const hint = known === undefined ? "SILO_DEBUG=1 shows where; please report it" : known.hint;
  if (hint !== undefined) say(`${paint("cyan", "hint", out)}: ${printable(hint)}`);
  if (process.env["SILO_DEBUG"] === "1" && error instanceof Error) say(error.stack ?? "");
  return known?.exitCode ?? 1;
}
