import type { RunPlan, Session } from "../../core/types.ts";
import type { Close } from "../../core/companion.ts";
import type { Cmd } from "../../runtime/command.ts";
import { makeCaches } from "../../sys/files/caches.ts";
import { ProgramMissing } from "../../sys/process/process.ts";
import { openStage, stagedFiles, stageRoot, watchStage } from "../../sys/staging/staging.ts";
import { runInForeground, sendBy } from "../engine/foreground.ts";
import type { RunOutcome } from "../backend.ts";
import { withEnvFile } from "../engine/env-file.ts";
import { steersCli } from "../engine/steering.ts";
import { runArgs, standsAlone, type ContainerSettings, type Copies } from "./args.ts";
import { BIN } from "./query.ts";
import { containerError, recoverable, missingCli, REFUSED, PREFIXES } from "./errors.ts";

/** The command's version and the XDG state directory. */
export type Surroundings = { readonly version: string; readonly state: string };

function alone(plan: RunPlan) {
  return plan.mounts.filter((mount) => standsAlone(mount, plan.mounts));
}

/** The copies of single files for a run of this plan. */
export function copiesOf(plan: RunPlan, session: Session, state: string): Copies {
  const mounts = alone(plan);
  const links = stagedFiles(mounts).map(({ name, mode }, i) => ({
    path: mounts[i]?.target ?? "",
    name,
    mode,
  }));
  return { root: stageRoot(state, session.id), links };
}

/** The command of a run. Values of variables are in the command's environment, which `--env NAME` reads. */
export function runCommand(
  plan: RunPlan,
  session: Session,
  settings: ContainerSettings,
  given: Surroundings & { readonly envFile: string | undefined },
): Cmd {
  const passed = plan.env.filter(({ name }) => !steersCli(name));
  const copies = copiesOf(plan, session, given.state);
  return {
    bin: BIN,
    args: runArgs(plan, session, settings, { ...given, copies }),
    env: Object.fromEntries(passed.map(({ name, value }) => [name, value])),
  };
}

/**
 * Keeps single files and their copies in sync while the tool runs, because a VM mounts directories only.
 * @returns the function that syncs a last time, deletes the copies and returns warnings.
 */
export async function openCopies(plan: RunPlan, state: string, session: string): Promise<Close> {
  return watchStage(await openStage(state, session, stagedFiles(alone(plan))));
}

/** Runs a plan on the user's terminal. */
export async function runPlan(
  plan: RunPlan,
  session: Session,
  settings: ContainerSettings,
  { sweep, ...given }: Surroundings & { readonly sweep: () => Promise<void> },
): Promise<RunOutcome> {
  makeCaches(plan.caches);
  const steering = plan.env.filter(({ name }) => steersCli(name));
  try {
    return await withEnvFile(steering, (file) =>
      runInForeground({
        cmd: {
          ...runCommand(plan, session, settings, { ...given, envFile: file?.path }),
          files: file?.files ?? [],
        },
        onStart: () => file?.close(),
        tty: plan.tty,
        kept: false,
        prefixes: PREFIXES,
        refused: REFUSED,
        // The command forwards no signals on a terminal, and no SIGHUP without one.
        send: sendBy((signal) => ({
          bin: BIN,
          args: ["kill", "--signal", signal, session.name],
        })),
        sweep,
        recoverable: recoverable(plan.ports.map(({ host }) => host)),
        error: (said) => containerError(said, "starting the container", plan.tool),
      }),
    );
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli() : error;
  }
}
