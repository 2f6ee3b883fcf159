import { SiloError } from "../../errors.ts";

/** A known error of an engine. It is recognised by its text, because engines have no error codes. */
export type Rule = {
  readonly text: RegExp;
  /** The message, or how to make it from the output. */
  readonly message: string | ((text: string) => string);
  /** The command or setting that fixes it; `<tool>` stands for the tool of the run. */
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
 * The error for a failed command of an engine, explained by the first rule that matches its output.
 * @param what the step: `starting the container`.
 * @param tool the tool of the run, if the command belongs to a run.
 */
export function explain(
  rules: readonly Rule[],
  text: string,
  what: string,
  tool = "<tool>",
): SiloError {
  const detail = lastLines(text);
  const rule = rules.find((known) => known.text.test(text));
  if (rule === undefined) return new SiloError(`${what} failed`, { detail, hint: "silo doctor" });
  const { message } = rule;
  return new SiloError(typeof message === "string" ? message : message(text), {
    hint: rule.hint.replace("<tool>", tool || "<tool>"),
    detail,
  });
}

/** The error for a missing program. @param hint the command that installs it. */
export function missingProgram(
  bin: string,
  hint: string,
  detail: readonly string[] = [],
): SiloError {
  return new SiloError(`the command "${bin}" is not installed`, { hint, detail });
}
