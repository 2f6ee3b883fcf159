import type { BuildEvent } from "../backends/backend.ts";
import { hasColour } from "./colour.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;

export type Progress = {
  readonly report: (event: BuildEvent) => void;
  /** Leaves one line that says how long it took. */
  readonly done: () => void;
  /** Takes the live line away; harmless when there is none. */
  readonly stop: () => void;
};

/** Shows a build: the whole log with `verbose`, one live line on a terminal, else a line a step. */
export function buildProgress(what: string, verbose: boolean): Progress {
  const start = performance.now();
  const seconds = () => `${Math.round((performance.now() - start) / 1000)}s`;
  const done = () => process.stderr.write(`built ${what} in ${seconds()}\n`);
  if (verbose) {
    return {
      report: (event) => {
        if (event.kind === "log") process.stderr.write(`${event.line}\n`);
      },
      done,
      stop: () => {},
    };
  }
  const live = hasColour(process.stderr) && (process.env["CI"] ?? "") === "";
  return live ? liveLine(what, seconds, done) : stepLines(what, done);
}

function stepLines(what: string, done: () => void): Progress {
  process.stderr.write(`building ${what}\n`);
  return {
    report: (event) => {
      if (event.kind === "step") process.stderr.write(`${stepText(event)}\n`);
    },
    done,
    stop: () => {},
  };
}

function liveLine(what: string, seconds: () => string, done: () => void): Progress {
  let frame = 0;
  let text = "starting";
  const draw = () => {
    frame = (frame + 1) % FRAMES.length;
    const width = process.stderr.columns || 80;
    const tail = ` ${seconds()}`;
    const line = `${FRAMES[frame]} building ${what}: ${text}`;
    const room = Math.max(0, width - tail.length - 1);
    process.stderr.write(`\r\u001B[K${line.slice(0, room)}${tail}`);
  };
  draw();
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  const stop = () => {
    clearInterval(timer);
    process.stderr.write("\r\u001B[K");
  };
  return {
    report: (event) => {
      if (event.kind === "step") text = stepText(event);
    },
    done: () => {
      stop();
      done();
    },
    stop,
  };
}

function stepText({ step, total, text }: BuildEvent & { kind: "step" }): string {
  const first = text.replaceAll(/\s+/g, " ").replace(/^RUN (set -e; )?/, "");
  return `step ${step}/${total} ${first.slice(0, 100)}`;
}
