import type { ImagePlan } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import type { SiloError } from "../../errors.ts";
import { capture, ProgramMissing } from "../../sys/process/process.ts";
import type { BuildOptions } from "../backend.ts";
import { buildFailure } from "../engine/build-failure.ts";
import { followBuild } from "../engine/build-log.ts";
import { buildArgs } from "./args.ts";
import type { DockerSettings } from "./settings.ts";
import { dialectOf } from "./dialect.ts";
import { engineError, missingCli } from "./errors.ts";

export function buildCommand(
  image: ImagePlan,
  settings: DockerSettings,
  options: { readonly fresh: boolean; readonly buildkit: boolean },
): Cmd {
  return {
    bin: settings.command,
    args: buildArgs(image, options),
    stdin: image.dockerfile,
    // Without buildx the CLI refuses to build with DOCKER_BUILDKIT=1.
    env: { DOCKER_BUILDKIT: options.buildkit ? "1" : "0" },
  };
}

/** Whether the CLI builds with BuildKit. The query costs a process, so it runs only before a build. */
async function hasBuildkit({ command }: DockerSettings): Promise<boolean> {
  if (!dialectOf({ command }).buildx) return false;
  return (await capture({ bin: command, args: ["buildx", "version"] })).code === 0;
}

/** Builds the image. @throws Cancelled when interrupted, SiloError with the last 20 lines if it fails. */
export async function buildImage(
  image: ImagePlan,
  settings: DockerSettings,
  options: BuildOptions,
): Promise<void> {
  try {
    const buildkit = await hasBuildkit(settings);
    const cmd = buildCommand(image, settings, { fresh: options.fresh, buildkit });
    const { code, tail } = await followBuild(cmd, options);
    if (code !== 0) throw buildError(image, tail);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}

/** Matches messages of the engine; a build log also contains the output of build steps. */
const NO_BASE =
  /pull access denied|manifest unknown|manifest for \S+ not found|repository does not exist|failed to resolve source metadata|failed to do request|^Get "https?:\/\/[^"]*\/v2\//im;
const NO_ENGINE =
  /^(ERROR: )?(Cannot connect to the Docker daemon|error during connect|permission denied while trying to connect)|no space left on device/im;
/** Matches the notice that newer CLIs print before every build without BuildKit. */
const NOTICE = /^(DEPRECATED: | {12}\S)/;

function buildError(image: ImagePlan, tail: readonly string[]): SiloError {
  const detail = tail.filter((line) => !NOTICE.test(line));
  const text = detail.join("\n");
  // The base image is checked first, because errors of a registry look like errors of the engine.
  if (!NO_BASE.test(text) && NO_ENGINE.test(text))
    return engineError(text, "the build", image.tool);
  return buildFailure(image, detail, NO_BASE);
}
