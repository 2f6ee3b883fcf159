import { xdgDirectories } from "../../core/paths.ts";
import type { Exit } from "../../runtime/command.ts";
import type { HostEnvironment } from "../../sys/host/environment.ts";
import { machine } from "../../sys/host/hardware.ts";
import { ProgramMissing } from "../../sys/process/process.ts";
import { runInteractive } from "../../sys/process/supervised.ts";
import { endStage, leftStage } from "../../sys/staging/staging.ts";
import type { Backend } from "../backend.ts";
import { requireRunning } from "../engine/running.ts";
import { execArgs, type ContainerSettings } from "./args.ts";
import { builderSize, buildCommand, buildImage } from "./build.ts";
import { missingCli } from "./errors.ts";
import { reap } from "./list.ts";
import { BIN } from "./query.ts";
import { runCommand, runPlan } from "./run.ts";
import { cliVersion } from "./version.ts";

/** The members of the backend that build, run and clean up. They are loaded on use, because `silo ls` does not need them. */
export function containerRunner(settings: ContainerSettings, host: HostEnvironment) {
  const { state, cache } = xdgDirectories(host.home, host.env);
  return {
    preview: async (plan, session) => {
      const size = builderSize(undefined, machine().cores);
      const given = { version: await cliVersion(cache), state, envFile: undefined };
      return {
        build: buildCommand(plan.image, ".", { ...size, fresh: false }),
        run: runCommand(plan, session, settings, given),
      };
    },
    run: async (plan, session) => {
      const sweep = () => reap([session.id]);
      const version = await cliVersion(cache);
      return await runPlan(plan, session, settings, { version, state, sweep });
    },
    build: buildImage,
    exec: async (instance, argv, tty) => {
      requireRunning(instance);
      return await exec(execArgs(instance.id, host, argv, tty));
    },
    reap: async (sessions) => {
      await reap(sessions);
      return await syncBackStages(state, sessions);
    },
  } satisfies Partial<Backend>;
}

/** Syncs back the last changes of single files in sessions whose silo process was killed. */
async function syncBackStages(
  state: string,
  sessions: readonly string[],
): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (const session of sessions) {
    const stage = await leftStage(state, session);
    if (stage !== undefined) warnings.push(...(await endStage(stage)));
  }
  return warnings;
}

async function exec(args: readonly string[]): Promise<Exit> {
  try {
    return await runInteractive({ bin: BIN, args });
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli() : error;
  }
}
