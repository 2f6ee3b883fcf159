import { isUtf8 } from "../core/text/locale.ts";
import { folded, printable } from "../core/text/quote.ts";
import { Cancelled, UsageError } from "../errors.ts";
import { fitted } from "./live.ts";

/** Whether there is a terminal to ask on. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** The library draws in ASCII on Linux' own console alone, which is chosen by TERM when it is loaded. */
async function library() {
  const { TERM } = process.env;
  if (isUtf8(process.env, process.platform)) return await import("@clack/prompts");
  try {
    process.env["TERM"] = "linux";
    return await import("@clack/prompts");
  } finally {
    if (TERM === undefined) delete process.env["TERM"];
    else process.env["TERM"] = TERM;
  }
}

/**
 * Asks yes or no on the terminal; no is the default.
 * @param instead the flag or setting that answers where there is no terminal.
 * @throws UsageError without a terminal, Cancelled on Esc or Ctrl-C.
 */
export async function confirm(
  question: string,
  instead: string,
  initialValue = false,
): Promise<boolean> {
  if (!canAsk()) {
    throw new UsageError(`${question} There is no terminal to ask on`, { hint: instead });
  }
  const prompts = await library();
  const answer = await prompts.confirm({
    message: printable(question),
    initialValue,
    output: process.stderr,
  });
  if (prompts.isCancel(answer)) throw new Cancelled();
  return answer;
}

/** How long a terminal may take to hand over what was typed, or what it was made to answer. */
const TYPED_AHEAD_MS = 60;

/**
 * Shows lines that a stranger wrote, and asks about them; no is the default.
 * Only keys that are pressed after the lines were shown count: a program that ran on this terminal before
 * may have left an answer of its own there.
 * @throws Cancelled on Esc or Ctrl-C.
 */
export async function confirmShown(
  title: string,
  lines: readonly string[],
  question: string,
): Promise<boolean> {
  const width = process.stderr.columns || 80;
  const shown = lines.map((line) => folded(`  ${printable(line)}`, width));
  process.stderr.write(`${[printable(title), ...shown].join("\n")}\n`);
  await dropTypedAhead();
  return await confirm(question, "silo config trust");
}

async function dropTypedAhead(): Promise<void> {
  const { stdin } = process;
  const ignore = () => {};
  stdin.setRawMode(true);
  stdin.on("data", ignore);
  stdin.resume();
  await new Promise((resolve) => setTimeout(resolve, TYPED_AHEAD_MS));
  stdin.off("data", ignore);
  stdin.pause();
  stdin.setRawMode(false);
}

/** One of several things to pick. */
export type Choice<T> = { readonly value: T; readonly label: string; readonly hint?: string };

/** A label that fits a line of the list. */
function fittedLabel(label: string): string {
  return fitted(label, Math.max(10, (process.stderr.columns || 80) - 6));
}

/**
 * Lets the user pick one on the terminal, by the arrow keys or by typing a part of it; the first is marked.
 * @throws UsageError without a terminal, Cancelled on Esc or Ctrl-C.
 */
export async function choose<T>(
  question: string,
  choices: readonly Choice<T>[],
  instead: string,
): Promise<T> {
  if (!canAsk()) {
    throw new UsageError(`${question} There is no terminal to ask on`, { hint: instead });
  }
  const prompts = await library();
  // By number, since the library's type does not take values of any kind.
  const answer = await prompts.autocomplete({
    message: printable(question),
    options: choices.map(({ label, hint }, value) => ({
      value,
      label: fittedLabel(label),
      ...(hint === undefined ? {} : { hint: printable(hint) }),
    })),
    output: process.stderr,
  });
  const chosen = typeof answer === "number" ? choices[answer] : undefined;
  if (chosen === undefined) throw new Cancelled();
  return chosen.value;
}

/**
 * Lets the user pick any number of things, at least one, with the space or tab key.
 * @throws UsageError without a terminal, Cancelled on Esc or Ctrl-C.
 */
export async function chooseSeveral<T>(
  question: string,
  choices: readonly Choice<T>[],
  instead: string,
): Promise<readonly T[]> {
  if (!canAsk()) {
    throw new UsageError(`${question} There is no terminal to ask on`, { hint: instead });
  }
  const prompts = await library();
  const answer = await prompts.autocompleteMultiselect({
    message: printable(question),
    options: choices.map(({ label }, value) => ({ value, label: fittedLabel(label) })),
    required: true,
    output: process.stderr,
  });
  if (prompts.isCancel(answer)) throw new Cancelled();
  return choices.filter((_, i) => answer.includes(i)).map(({ value }) => value);
}
