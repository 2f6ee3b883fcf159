import { isUtf8 } from "../core/text/locale.ts";
import { folded, printable } from "../core/text/quote.ts";
import { Cancelled, UsageError } from "../errors.ts";
import { fitted } from "./live.ts";

/** Whether a prompt can be shown and answered: stdin and stderr are TTYs. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Loads the prompts. Without UTF-8 it sets TERM to `linux` meanwhile, because the library then draws in ASCII. */
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
 * Shows a prompt.
 * @param instead the hint of the error: the command or setting that replaces the prompt.
 * @throws UsageError if stdin or stderr is not a TTY, Cancelled on Esc or Ctrl-C.
 */
async function ask<T extends boolean | number | readonly number[] | undefined>(
  question: string,
  instead: string,
  run: (prompts: Awaited<ReturnType<typeof library>>) => Promise<T | symbol>,
): Promise<T> {
  if (!canAsk()) {
    const stream = process.stdin.isTTY ? "stderr" : "stdin";
    throw new UsageError(`cannot ask "${question}": ${stream} is not a TTY`, { hint: instead });
  }
  const answer = await run(await library());
  // The library returns a symbol for a cancelled prompt.
  if (typeof answer === "symbol") throw new Cancelled();
  return answer;
}

/**
 * Asks a yes-or-no question; Enter alone means `initialValue`.
 * @param instead the command or setting that replaces the prompt.
 * @throws UsageError if stdin or stderr is not a TTY, Cancelled on Esc or Ctrl-C.
 */
export async function confirm(
  question: string,
  instead: string,
  initialValue = false,
): Promise<boolean> {
  return await ask<boolean>(question, instead, (prompts) =>
    prompts.confirm({ message: printable(question), initialValue, output: process.stderr }),
  );
}

/** Time in which a terminal delivers earlier key presses, and replies to escape sequences of earlier programs. */
const TYPED_AHEAD_MS = 60;

/**
 * Shows untrusted lines and asks a yes-or-no question about them; Enter alone means no. Requires a TTY: see `canAsk`.
 * Key presses from before the lines were shown are discarded, because a program that ran on this terminal
 * earlier may have queued an answer.
 * @throws UsageError if stdin or stderr is not a TTY, Cancelled on Esc or Ctrl-C.
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

/** An entry of a list to pick from. */
export type Choice<T> = { readonly value: T; readonly label: string; readonly hint?: string };

/** Cuts a label to one line of the list. */
function fittedLabel(label: string): string {
  return fitted(label, Math.max(10, (process.stderr.columns || 80) - 6));
}

/**
 * Lets the user pick one entry with the arrow keys, or by typing a part of its label; the first is preselected.
 * @throws UsageError if stdin or stderr is not a TTY, Cancelled on Esc or Ctrl-C.
 */
export async function choose<T>(
  question: string,
  choices: readonly Choice<T>[],
  instead: string,
): Promise<T> {
  // By index, because the library accepts only primitive values.
  const answer = await ask<number | undefined>(question, instead, (prompts) =>
    prompts.autocomplete({
      message: printable(question),
      options: choices.map(({ label, hint }, value) => ({
        value,
        label: fittedLabel(label),
        ...(hint === undefined ? {} : { hint: printable(hint) }),
      })),
      output: process.stderr,
    }),
  );
  // Enter picks nothing if no entry matches the typed text.
  const chosen = answer === undefined ? undefined : choices[answer];
  if (chosen === undefined) throw new Cancelled();
  return chosen.value;
}

/**
 * Lets the user pick one or more entries with the space or tab key.
 * @throws UsageError if stdin or stderr is not a TTY, Cancelled on Esc or Ctrl-C.
 */
export async function chooseSeveral<T>(
  question: string,
  choices: readonly Choice<T>[],
  instead: string,
): Promise<readonly T[]> {
  const answer = await ask<readonly number[]>(question, instead, (prompts) =>
    prompts.autocompleteMultiselect({
      message: printable(question),
      options: choices.map(({ label }, value) => ({ value, label: fittedLabel(label) })),
      required: true,
      output: process.stderr,
    }),
  );
  return choices.filter((_, i) => answer.includes(i)).map(({ value }) => value);
}
