import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImagePlan } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import type { SiloError } from "../../errors.ts";
import { ProgramMissing } from "../../sys/process/process.ts";
import type { BuildOptions } from "../backend.ts";
import { buildFailure } from "../engine/build-failure.ts";
import { followBuild } from "../engine/build-log.ts";
import { deployArgs, type FlySettings } from "./args.ts";
import { flyCommand, makeFolders } from "./flyctl.ts";
import { flyError, missingProgram } from "./errors.ts";

export function buildCommand(
  image: ImagePlan,
  { app }: FlySettings,
  state: string,
  folder: string,
  fresh: boolean,
): Cmd {
  const cmd = flyCommand(state, deployArgs(image, app, folder, fresh));
  return { ...cmd, env: { ...cmd.env, BUILDKIT_PROGRESS: "plain" }, stdin: "" };
}

/** Builds and pushes the image on Fly's own builder. @throws Cancelled when interrupted, SiloError with the last lines where it fails. */
export async function buildImage(
  image: ImagePlan,
  settings: FlySettings,
  state: string,
  options: BuildOptions,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "silo-build-"));
  const { app, region } = settings;
  try {
    await makeFolders(state);
    await writeFile(join(folder, "Dockerfile"), image.dockerfile, { mode: 0o600 });
    // A new app has no configuration at Fly yet, and a build asks for one.
    const toml = `app = ${JSON.stringify(app)}\nprimary_region = ${JSON.stringify(region)}\n`;
    await writeFile(join(folder, "fly.toml"), toml, { mode: 0o600 });
    const cmd = buildCommand(image, settings, state, folder, options.fresh);
    const { code, tail } = await followBuild(cmd, options);
    if (code !== 0) throw buildError(image, app, tail);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingProgram("fly") : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const NO_BASE =
  /failed to resolve source metadata|failed to do request|pull access denied|manifest unknown|Get "https?:\/\/[^"]*\/v2\//i;

function buildError(image: ImagePlan, app: string, tail: readonly string[]): SiloError {
  const text = tail.join("\n");
  if (!/failed to fetch an image or build from source/i.test(text))
    return flyError(text, `building ${image.tag}`, app);
  return buildFailure(image, tail, NO_BASE);
}
