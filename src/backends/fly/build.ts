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
import { makeEmptyFolder } from "../remote/local-state.ts";
import { deployArgs, type FlySettings } from "./args.ts";
import { flyError, flyMissing, type FlyNames } from "./errors.ts";
import { flyCommand } from "./flyctl.ts";

/**
 * The command that builds an image.
 * @param folder the directory of this backend's files.
 * @param context the directory with the Dockerfile.
 * @param fresh builds without cached layers.
 */
export function buildCommand(
  image: ImagePlan,
  { app }: FlySettings,
  folder: string,
  { context, fresh }: { readonly context: string; readonly fresh: boolean },
): Cmd {
  const cmd = flyCommand({ folder }, deployArgs(image, app, context, fresh));
  return { ...cmd, env: { ...cmd.env, BUILDKIT_PROGRESS: "plain" }, stdin: "" };
}

/**
 * Builds and pushes the image on Fly's remote builder.
 * @throws Cancelled when interrupted, SiloError with the last lines if it fails.
 */
export async function buildImage(
  image: ImagePlan,
  settings: FlySettings,
  folder: string,
  options: BuildOptions,
): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), "silo-build-"));
  const { app, region } = settings;
  try {
    await makeEmptyFolder({ folder });
    await writeFile(join(context, "Dockerfile"), image.dockerfile, { mode: 0o600 });
    // A build needs an app configuration, which a new app does not have yet.
    const toml = `app = ${JSON.stringify(app)}\nprimary_region = ${JSON.stringify(region)}\n`;
    await writeFile(join(context, "fly.toml"), toml, { mode: 0o600 });
    const cmd = buildCommand(image, settings, folder, { context, fresh: options.fresh });
    const { code, tail } = await followBuild(cmd, options);
    if (code !== 0) throw buildError(image, settings, tail);
  } catch (error) {
    throw error instanceof ProgramMissing ? flyMissing() : error;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Matches messages about a base image that cannot be pulled. */
const NO_BASE =
  /failed to resolve source metadata|failed to do request|pull access denied|manifest unknown|Get "https?:\/\/[^"]*\/v2\//i;

function buildError(image: ImagePlan, names: FlyNames, tail: readonly string[]): SiloError {
  const text = tail.join("\n");
  if (!/failed to fetch an image or build from source/i.test(text))
    return flyError(text, `building ${image.tag}`, names);
  return buildFailure(image, tail, NO_BASE);
}
