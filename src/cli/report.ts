import { printable } from "../core/quote.ts";
import { Cancelled, errorText, SiloError } from "../errors.ts";
import { paint } from "../ui/colour.ts";

/** Tells an error on standard error: what, why, and the command that mends it. @returns the exit code. */
export function report(error: unknown): number {
  const out = process.stderr;
  if (error instanceof Cancelled) return error.exitCode;
  const known = error instanceof SiloError;
  out.write(
    `${paint("red", "error", out)}: ${printable(known ? error.message : `silo failed: ${errorText(error)}`)}\n`,
  );
  const detail = known ? error.detail : [];
  for (const line of detail) out.write(`  ${printable(line)}\n`);
  const hint = known ? error.hint : "SILO_DEBUG=1 shows where; please report it";
  if (hint !== undefined) out.write(`${paint("cyan", "hint", out)}: ${printable(hint)}\n`);
  if (!known && process.env["SILO_DEBUG"] === "1" && error instanceof Error)
    out.write(`${error.stack ?? ""}\n`);
  return known ? error.exitCode : 1;
}
