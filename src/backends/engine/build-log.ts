import type { Cmd, Exit } from "../../runtime/command.ts";
import { Cancelled } from "../../errors.ts";
import { stream } from "../../sys/process/process.ts";
import type { BuildOptions } from "../backend.ts";
import type { BuildEvent } from "../../core/build-event.ts";

const LAST_LINES = 20;

/** Parses a log line as a step: `Step 3/12 : RUN x` (legacy), `#7 [base 2/5] RUN x` (BuildKit), `STEP 3/12: RUN x` (podman). */
export function buildStep(line: string): BuildEvent | undefined {
  const found =
    /^Step (\d+)\/(\d+) : (.*)$/.exec(line) ??
    /^(?:\[\d+\/\d+\] )?STEP (\d+)\/(\d+): (.*)$/.exec(line) ??
    /^#\d+ \[(?:\S+ )?(\d+)\/(\d+)\] (.*)$/.exec(line);
  if (found === null) return undefined;
  const [, step, total, text = ""] = found;
  // The step of the hooks is a long bash script.
  const shown = text.includes("post_build_hooks: ") ? "post_build_hooks" : text;
  return { kind: "step", step: Number(step), total: Number(total), text: shown };
}

/**
 * Runs a build and passes its log and steps to `onEvent`.
 * @returns the exit status and the last lines of the log.
 * @throws Cancelled when interrupted.
 */
export async function followBuild(
  cmd: Cmd,
  { onEvent, signal }: BuildOptions,
): Promise<{ readonly code: Exit; readonly tail: readonly string[] }> {
  const tail: string[] = [];
  const code = await stream(
    cmd,
    (line) => {
      tail.push(line);
      if (tail.length > LAST_LINES) tail.shift();
      onEvent({ kind: "log", line });
      const step = buildStep(line);
      if (step !== undefined) onEvent(step);
    },
    signal,
  );
  if (signal.aborted) throw new Cancelled();
  return { code, tail };
}
