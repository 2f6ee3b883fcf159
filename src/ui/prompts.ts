import { Cancelled, UsageError } from "../errors.ts";

/**
 * Asks yes or no on the terminal; no is the default.
 * @param instead the flag or setting that answers where there is no terminal.
 * @throws UsageError without a terminal, Cancelled on Esc or Ctrl-C.
 */
export async function confirm(question: string, instead: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${question} There is no terminal to ask on`, { hint: instead });
  }
  const prompts = await import("@clack/prompts");
  const answer = await prompts.confirm({
    message: question,
    initialValue: false,
    output: process.stderr,
  });
  if (prompts.isCancel(answer)) throw new Cancelled();
  return answer;
}
