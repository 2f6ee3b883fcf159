import type { RunProgress } from "../backends/backend.ts";
import { canAnimate, liveLine, type LiveLine } from "../ui/live.ts";
import { printStderr } from "../ui/print.ts";

/**
 * Shows the stages of a starting run on one live line on a TTY, or on one line each with `verbose`.
 * @param keep called when the run can outlive this process.
 */
export function runProgress(verbose: boolean, keep: () => void): RunProgress {
  let line: LiveLine | undefined;
  const clear = () => {
    line?.stop();
    line = undefined;
  };
  const show = (text: string) => {
    if (line === undefined) line = liveLine(text);
    else line.say(text);
  };
  return {
    stage: (text) => {
      if (text === undefined) clear();
      else if (verbose) printStderr(text);
      else if (canAnimate()) show(text);
    },
    keep,
    confirm: async (question, hint) => {
      clear();
      const { confirm } = await import("../ui/prompts.ts");
      return await confirm(question, hint);
    },
  };
}
