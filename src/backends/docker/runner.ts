import type { Exit } from "../../runtime/command.ts";
import { ProgramMissing } from "../../sys/process/process.ts";
import { runInteractive } from "../../sys/process/supervised.ts";
import type { Backend } from "../backend.ts";
import { requireRunning } from "../engine/running.ts";
import { execArgs } from "./args.ts";
import { buildCommand, buildImage } from "./build.ts";
import { caches, removeCaches } from "./caches.ts";
import { missingCli } from "./errors.ts";
import { images, removeImages } from "./images.ts";
import { reapLate } from "./late.ts";
import { reap, remove } from "./list.ts";
import { attach, limited, runCommand, runPlan } from "./run.ts";
import { ensureProfile } from "./seccomp.ts";
import type { DockerSettings } from "./settings.ts";

/** The members of the backend that build, run and clean up. They are loaded on use, because `silo ls` does not need them. */
export function dockerRunner(settings: DockerSettings) {
  return {
    preview: (plan, session) =>
      Promise.resolve({
        build: buildCommand(plan.image, settings, { fresh: false, buildkit: false }),
        run: runCommand(plan, session, limited(settings), undefined),
      }),
    run: async (plan, session) => {
      await ensureProfile(settings.seccomp, settings.inhabitant);
      return await runPlan(plan, session, settings, async () => {
        await reap(settings, [session.id]);
      });
    },
    build: (image, options) => buildImage(image, settings, options),
    reconnect: async (instance) => {
      requireRunning(instance);
      return await attach(instance, settings, () => remove(settings, [instance]));
    },
    exec: async (instance, argv, tty) => {
      requireRunning(instance);
      return await exec(settings, execArgs(instance.id, argv, tty));
    },
    images: () => images(settings),
    removeImages: (references) => removeImages(settings, references),
    caches: () => caches(settings),
    removeCaches: (references) => removeCaches(settings, references),
    reap: async (sessions) => {
      await reapLate(settings, sessions);
      return [];
    },
  } satisfies Partial<Backend>;
}

async function exec({ command }: DockerSettings, args: readonly string[]): Promise<Exit> {
  try {
    return await runInteractive({ bin: command, args });
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}
