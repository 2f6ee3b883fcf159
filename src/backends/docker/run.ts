import type { RunPlan, Session } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { ProgramMissing } from "../../sys/process/process.ts";
import { runInForeground, sendBy, type ForegroundRun } from "../engine/foreground.ts";
import type { Instance, RunOutcome } from "../backend.ts";
import { withEnvFile } from "../engine/env-file.ts";
import { attachArgs, survivesHangup, runArgs } from "./args.ts";
import { steersCli } from "../engine/steering.ts";
import type { DockerSettings } from "./settings.ts";
import { makeVolumes } from "./caches.ts";
import { dialectOf } from "./dialect.ts";
import { engineError, recoverable, missingCli } from "./errors.ts";
import { reapLate } from "./late.ts";
import { wasStarted } from "./started.ts";
import { defaultMemory, refusesLimits } from "./limits.ts";

/** The command of a run. Values of variables are in the CLI's environment, which `--env NAME` reads. */
export function runCommand(
  plan: RunPlan,
  session: Session,
  settings: DockerSettings,
  envFile: string | undefined,
): Cmd {
  const passed = plan.env.filter(({ name }) => !steersCli(name));
  return {
    bin: settings.command,
    args: runArgs(plan, session, settings, envFile),
    env: Object.fromEntries(passed.map(({ name, value }) => [name, value])),
  };
}

/** The settings with the default memory limit if none is configured. */
export function limited(settings: DockerSettings): DockerSettings {
  return { ...settings, memory: settings.memory ?? defaultMemory() };
}

/** The engine cannot set the default memory limit; the run is retried without it. */
class LimitRefused extends SiloError {}

/**
 * Runs a plan on the user's terminal. If the engine cannot limit memory, the tool runs without the default limit and the
 * outcome has a warning; with a configured limit this is an error.
 * @param sweep deletes the container of the run.
 * @throws SiloError if the tool could not be started.
 */
export async function runPlan(
  plan: RunPlan,
  session: Session,
  settings: DockerSettings,
  sweep: () => Promise<void>,
): Promise<RunOutcome> {
  if (settings.memory !== undefined) return await start(plan, session, settings, sweep);
  try {
    return await start(
      plan,
      session,
      limited(settings),
      sweep,
      () => new LimitRefused("the engine cannot limit memory"),
    );
  } catch (error) {
    if (!(error instanceof LimitRefused)) throw error;
  }
  const outcome = await start(plan, session, settings, sweep);
  return outcome.kind === "exit" ? { ...outcome, warnings: [UNLIMITED] } : outcome;
}

const UNLIMITED =
  'the engine cannot limit memory, so the tool ran without a limit; set "memory": "none" under backends.docker to hide this warning';

async function start(
  plan: RunPlan,
  session: Session,
  settings: DockerSettings,
  sweep: () => Promise<void>,
  refused?: () => SiloError,
): Promise<RunOutcome> {
  await makeVolumes(plan, settings);
  const steering = plan.env.filter(({ name }) => steersCli(name));
  return await withEnvFile(steering, async (file) => {
    const cmd = { ...runCommand(plan, session, settings, file?.path), files: file?.files ?? [] };
    const { tty } = plan;
    const ran = () => wasStarted(session.id, settings);
    const onStart = () => file?.close();
    const sweepKilled = () => reapLate(settings, [session.id]);
    const kept = survivesHangup(plan, settings);
    const asked = { cmd, tty, kept, sweep, sweepKilled, onStart, ran };
    return await onTerminal(asked, { name: session.name, tool: plan.tool }, settings, refused);
  });
}

/** Attaches the terminal to a detached container. */
export async function attach(
  { id, tool }: Instance,
  settings: DockerSettings,
  sweep: () => Promise<void>,
): Promise<RunOutcome> {
  const cmd = { bin: settings.command, args: attachArgs(id) };
  return await onTerminal({ cmd, tty: true, kept: true, sweep }, { name: id, tool }, settings);
}

async function onTerminal(
  asked: Pick<ForegroundRun, "cmd" | "tty" | "kept" | "sweep" | "sweepKilled" | "onStart" | "ran">,
  { name, tool }: { readonly name: string; readonly tool: string },
  settings: DockerSettings,
  limitRefused?: () => SiloError,
): Promise<RunOutcome> {
  const dialect = dialectOf(settings);
  const bin = settings.command;
  const kill = (signal: NodeJS.Signals) => ({
    bin,
    args: ["kill", `--signal=${signal}`, name],
  });
  try {
    return await runInForeground({
      ...asked,
      prefixes: dialect,
      refused: dialect.refused,
      // If the container survives a hangup, the CLI runs with --sig-proxy=false.
      send: asked.kept || !dialect.forwardsSignals ? sendBy(kill) : undefined,
      recoverable,
      error: (said) =>
        limitRefused !== undefined && refusesLimits(said)
          ? limitRefused()
          : engineError(said, "starting the container", tool),
    });
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}
