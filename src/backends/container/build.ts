import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImagePlan } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { machine } from "../../sys/host/hardware.ts";
import { ProgramMissing } from "../../sys/process/process.ts";
import type { BuildOptions } from "../backend.ts";
import { buildFailure } from "../engine/build-failure.ts";
import { followBuild } from "../engine/build-log.ts";
import { buildArgs } from "./args.ts";
import { BIN, containerOutput } from "./query.ts";
import { containerError, missingCli } from "./errors.ts";
import { builderOf } from "./parse.ts";

/** Size at which the builder refuses a Dockerfile, or crashes in older versions (apple/container issue 735). */
const LARGEST = 16_384;
/** Minimum size of the builder, for compiling a tool's native modules. */
const WANTED = { cpus: 4, memoryMb: 4096 };

export type BuilderSize = { readonly cpus: number; readonly memoryMb: number };

/** Chooses the builder's size. A sufficient current size is kept, because a change would delete the builder with its cache and other builds. */
export function builderSize(now: BuilderSize | undefined, cores: number): BuilderSize {
  const wanted = { ...WANTED, cpus: Math.min(WANTED.cpus, cores) };
  if (now === undefined) return wanted;
  const suffices = now.cpus >= wanted.cpus && now.memoryMb >= wanted.memoryMb;
  if (suffices) return now;
  return {
    cpus: Math.max(now.cpus, wanted.cpus),
    memoryMb: Math.max(now.memoryMb, wanted.memoryMb),
  };
}

export function buildCommand(
  image: ImagePlan,
  folder: string,
  options: BuilderSize & { readonly fresh: boolean },
): Cmd {
  // The builder gets these variables, and is recreated if they differ from the last build's.
  const unsetEnv = ["NO_COLOR", "BUILDKIT_COLORS"];
  return { bin: BIN, args: buildArgs(image, folder, options), unsetEnv };
}

/** Builds the image. @throws Cancelled when interrupted, SiloError with the last 20 lines if it fails. */
export async function buildImage(image: ImagePlan, options: BuildOptions): Promise<void> {
  const size = Buffer.byteLength(image.dockerfile);
  if (size >= LARGEST) throw tooLarge(size);
  const folder = await mkdtemp(join(tmpdir(), "silo-build-"));
  try {
    await writeFile(join(folder, "Dockerfile"), image.dockerfile, { mode: 0o600 });
    const builder = builderOf(await containerOutput(["builder", "status", "--format", "json"]));
    const given = { ...builderSize(builder, machine().cores), fresh: options.fresh };
    const { code, tail } = await followBuild(buildCommand(image, folder, given), options);
    if (code !== 0) throw buildError(image, tail);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli() : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function tooLarge(size: number): SiloError {
  return new SiloError(
    `the Dockerfile has ${size} bytes; Apple's builder accepts less than ${LARGEST}`,
    {
      hint: "shorten post_build_hooks, or bake them into your own image and set image.base",
    },
  );
}

const NO_BASE =
  /failed to resolve source metadata|pull access denied|manifest unknown|not found: .*FROM/i;

function buildError(image: ImagePlan, tail: readonly string[]): SiloError {
  const text = tail.join("\n");
  if (!NO_BASE.test(text) && /XPC connection error|no space left/i.test(text))
    return containerError(text, "the build", image.tool);
  return buildFailure(image, tail, NO_BASE);
}
