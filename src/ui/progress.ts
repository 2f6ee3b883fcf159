import type { BuildEvent } from "../core/build-event.ts";
import { canAnimate, liveLine } from "./live.ts";
import { say } from "./print.ts";

export type Progress = {
  readonly report: (event: BuildEvent) => void;
  /** Says what holds it up. */
  readonly note: (text: string) => void;
  /** Leaves one line that says how long it took. */
  readonly done: () => void;
  /** Takes the live line away; harmless when there is none. */
  readonly stop: () => void;
};

/** Shows a build: the whole log with `verbose`, one live line on a terminal, else a line a step. */
export function buildProgress(what: string, verbose: boolean): Progress {
  const start = performance.now();
  const done = () => say(`built ${what} in ${Math.round((performance.now() - start) / 1000)}s`);
  if (!verbose && canAnimate()) return liveSteps(what, start, done);
  say(`building ${what}`);
  return {
    report: (event) => {
      if (verbose && event.kind === "log") say(event.line);
      if (!verbose && event.kind === "step") say(stepText(event));
    },
    note: say,
    done,
    stop: () => {},
  };
}

function liveSteps(what: string, start: number, done: () => void): Progress {
  const live = liveLine(`building ${what}`, start);
  return {
    report: (event) => {
      if (event.kind === "step") live.say(`building ${what}: ${stepText(event)}`);
    },
    note: live.say,
    done: () => {
      live.stop();
      done();
    },
    stop: live.stop,
  };
}

function stepText({ step, total, text }: BuildEvent & { kind: "step" }): string {
  const first = text.replaceAll(/\s+/g, " ").replace(/^RUN (set -e; )?/, "");
  return `step ${step}/${total} ${first.slice(0, 100)}`;
}
