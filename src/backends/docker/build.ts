import type { Cmd, ImagePlan } from "../../core/types.ts";
import { Cancelled, SiloError } from "../../errors.ts";
import { capture, ProgramMissing, stream } from "../../sys/process.ts";
import type { BuildEvent, BuildOptions } from "../backend.ts";
import { buildArgs, type DockerSettings } from "./args.ts";
import { dialectOf } from "./dialect.ts";
import { engineError, missingCli } from "./errors.ts";

const LAST_LINES = 20;

export function buildCommand(
  image: ImagePlan,
  settings: DockerSettings,
  options: { readonly fresh: boolean; readonly buildkit: boolean },
): Cmd {
  return {
    bin: settings.command,
    args: buildArgs(image.tag, image.buildArgs, options),
    stdin: image.dockerfile,
    // With DOCKER_BUILDKIT=1 and no buildx the CLI refuses to build at all.
    env: { DOCKER_BUILDKIT: options.buildkit ? "1" : "0" },
  };
}

/** A line of the log as a step: `Step 3/12 : RUN x` (legacy), `#7 [base 2/5] RUN x` (BuildKit), `STEP 3/12: RUN x` (podman). */
export function buildStep(line: string): BuildEvent | undefined {
  const found =
    /^Step (\d+)\/(\d+) : (.*)$/.exec(line) ??
    /^(?:\[\d+\/\d+\] )?STEP (\d+)\/(\d+): (.*)$/.exec(line) ??
    /^#\d+ \[(?:\S+ )?(\d+)\/(\d+)\] (.*)$/.exec(line);
  if (found === null) return undefined;
  const [, step, total, text = ""] = found;
  // The step that runs hooks begins with pages of bash.
  const shown = text.includes("post_build_hooks: ") ? "post_build_hooks" : text;
  return { kind: "step", step: Number(step), total: Number(total), text: shown };
}

/** Whether the CLI builds with BuildKit; asked on the build path only. */
async function hasBuildkit({ command }: DockerSettings): Promise<boolean> {
  if (!dialectOf({ command }).buildx) return false;
  return (await capture({ bin: command, args: ["buildx", "version"] })).code === 0;
}

/** Builds the image. @throws Cancelled when interrupted, SiloError with the last 20 lines where it fails. */
export async function buildImage(
  image: ImagePlan,
  settings: DockerSettings,
  { fresh, report, signal }: BuildOptions,
): Promise<void> {
  const tail: string[] = [];
  try {
    const buildkit = await hasBuildkit(settings);
    const code = await stream(
      buildCommand(image, settings, { fresh, buildkit }),
      (line) => {
        tail.push(line);
        if (tail.length > LAST_LINES) tail.shift();
        report({ kind: "log", line });
        const step = buildStep(line);
        if (step !== undefined) report(step);
      },
      signal,
    );
    if (signal.aborted) throw new Cancelled();
    if (code !== 0) throw buildError(image, tail);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}

/** The engine's own words in the log of a build, among those of the programs that it ran. */
const NO_BASE =
  /pull access denied|manifest unknown|manifest for \S+ not found|repository does not exist|failed to resolve source metadata|failed to do request|^Get "https?:\/\/[^"]*\/v2\//im;
const NO_ENGINE =
  /^(ERROR: )?(Cannot connect to the Docker daemon|error during connect|permission denied while trying to connect)|no space left on device/im;
/** What newer CLIs say above every build without BuildKit. */
const NOTICE = /^(DEPRECATED: | {12}\S)/;

function buildError(image: ImagePlan, tail: readonly string[]): SiloError {
  const detail = tail.filter((line) => !NOTICE.test(line));
  const text = detail.join("\n");
  if (NO_BASE.test(text)) {
    return new SiloError("the base image cannot be fetched", {
      hint: "silo config show   # is image.base right, and its registry within reach?",
      detail,
    });
  }
  if (NO_ENGINE.test(text)) return engineError(text, "the build");
  return new SiloError(`building ${image.tag} failed`, {
    hint: "silo <tool> --force-build -v   # shows the whole log",
    detail,
  });
}
