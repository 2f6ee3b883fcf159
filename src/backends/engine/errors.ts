import { SiloError } from "../../errors.ts";

/** An error of an engine, recognised by its text, because engines give nothing finer. */
export type Rule = {
  readonly text: RegExp;
  readonly message: string;
  /** The command or setting that fixes it. */
  readonly hint: string;
};

/** Number of lines of a command's output that an error shows. */
const LAST_LINES = 20;

/** The last lines of a command's output, without empty ones. */
export function lastLines(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trimEnd());
  return lines.filter((line) => line !== "").slice(-LAST_LINES);
}

/**
 * The error for an engine's command that failed, explained by the first rule that matches its output.
 * @param what the step: `starting the container`.
 */
export function explain(rules: readonly Rule[], text: string, what: string): SiloError {
  const detail = lastLines(text);
  const rule = rules.find((known) => known.text.test(text));
  if (rule === undefined) return new SiloError(`${what} failed`, { detail, hint: "silo doctor" });
  return new SiloError(rule.message, { hint: rule.hint, detail });
}

/** The error for a program that is not installed. @param hint how to install it. */
export function missingProgram(
  bin: string,
  hint: string,
  detail: readonly string[] = [],
): SiloError {
  return new SiloError(`the command "${bin}" is not installed`, { hint, detail });
}
