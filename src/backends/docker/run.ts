import type { RunPlan, Session } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { ProgramMissing } from "../../sys/process/process.ts";
import { attempt, sendBy, type Attempt } from "../engine/foreground.ts";
import type { Instance, RunOutcome } from "../backend.ts";
import { withEnvFile } from "../engine/env-file.ts";
import { attachArgs, survivesHangup, runArgs } from "./args.ts";
import { steersCli } from "../engine/steering.ts";
import type { DockerSettings } from "./settings.ts";
import { makeVolumes } from "./caches.ts";
import { dialectOf } from "./dialect.ts";
import { engineError, mendable, missingCli } from "./errors.ts";
import { reapLate } from "./late.ts";
import { wasStarted } from "./started.ts";
import { defaultMemory, refusesLimits } from "./limits.ts";

/** The run as a command; values stand in the CLI's environment, which `-e NAME` reads. */
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

/** The settings with the default limit of memory where none is configured. */
export function limited(settings: DockerSettings): DockerSettings {
  return { ...settings, memory: settings.memory ?? defaultMemory() };
}

/** An engine that cannot keep a limit that nobody asked for. */
class LimitRefused extends SiloError {}

/**
 * Runs a plan on the user's terminal. `sweep` deletes what a run left behind.
 * An engine that cannot limit memory runs it without that, and the user is told; a configured limit is an error.
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
  'the engine cannot limit memory, so the tool had no limit; "memory": "none" under backends.docker says that it is meant';

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
    return await onTerminal(asked, session, settings, refused);
  });
}

/** Attaches the terminal to a container that was left running. */
export async function attach(
  { id }: Instance,
  settings: DockerSettings,
  sweep: () => Promise<void>,
): Promise<RunOutcome> {
  const cmd = { bin: settings.command, args: attachArgs(id) };
  return await onTerminal({ cmd, tty: true, kept: true, sweep }, { name: id }, settings);
}

async function onTerminal(
  asked: Pick<Attempt, "cmd" | "tty" | "kept" | "sweep" | "sweepKilled" | "onStart" | "ran">,
  called: Pick<Session, "name">,
  settings: DockerSettings,
  limitRefused?: () => SiloError,
): Promise<RunOutcome> {
  const dialect = dialectOf(settings);
  const bin = settings.command;
  const kill = (signal: NodeJS.Signals) => ({
    bin,
    args: ["kill", `--signal=${signal}`, called.name],
  });
  try {
    return await attempt({
      ...asked,
      words: dialect,
      refused: dialect.refused,
      // The CLI of a container that outlives its terminal is told to hand no signal on.
      send: asked.kept || !dialect.handsOn ? sendBy(kill) : undefined,
      mendable,
      error: (said) =>
        limitRefused !== undefined && refusesLimits(said)
          ? limitRefused()
          : engineError(said, "starting the container"),
    });
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}
