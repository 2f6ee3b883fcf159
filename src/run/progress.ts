import type { RunReport } from "../backends/backend.ts";
import { canAnimate, liveLine, type LiveLine } from "../ui/live.ts";
import { say } from "../ui/print.ts";

/** Shows what a backend tells while it prepares a run: one live line on a terminal; elsewhere with `verbose` a line each. */
export function runReport(verbose: boolean, keep: () => void): RunReport {
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
      else if (canAnimate() && !verbose) show(text);
      else if (verbose) say(text);
    },
    keep,
    confirm: async (question, hint) => {
      clear();
      const { confirm } = await import("../ui/prompts.ts");
      return await confirm(question, hint);
    },
  };
}
