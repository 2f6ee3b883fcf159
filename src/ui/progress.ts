import type { BuildEvent } from "../core/build-event.ts";
import { canAnimate, liveLine } from "./live.ts";
import { printStderr } from "./print.ts";

export type Progress = {
  readonly event: (event: BuildEvent) => void;
  /** Shows a message, such as the reason for a wait. */
  readonly note: (text: string) => void;
  /** Prints one line with the duration. */
  readonly done: () => void;
  /** Erases the live line, if there is one. */
  readonly stop: () => void;
};

/** Shows the progress of a build: the full log with `verbose`, one live line on a TTY, otherwise one line per step. */
export function buildProgress(what: string, verbose: boolean): Progress {
  const start = performance.now();
  const done = () =>
    printStderr(`built ${what} in ${Math.round((performance.now() - start) / 1000)}s`);
  if (!verbose && canAnimate()) return liveSteps(what, start, done);
  printStderr(`building ${what}`);
  return {
    event: (event) => {
      if (verbose && event.kind === "log") printStderr(event.line);
      if (!verbose && event.kind === "step") printStderr(stepText(event));
    },
    note: printStderr,
    done,
    stop: () => {},
  };
}

function liveSteps(what: string, start: number, done: () => void): Progress {
  const live = liveLine(`building ${what}`, start);
  return {
    event: (event) => {
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
