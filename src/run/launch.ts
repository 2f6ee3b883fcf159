import type { RunOutcome } from "../backends/backend.ts";
import { nextName } from "../core/naming.ts";
import type { RunPlan } from "../core/types.ts";
import type { Exit } from "../runtime/command.ts";
import { Cancelled, SiloError } from "../errors.ts";
import { waitForLock } from "../sys/state/locks.ts";
import { otherNames, type OwnSession } from "../sys/state/sessions.ts";
import { interruptible } from "../sys/process/interrupt.ts";
import { log } from "../ui/log.ts";
import { printStderr } from "../ui/print.ts";
import { buildProgress } from "../ui/progress.ts";
import { runProgress } from "./progress.ts";
import { offeringToStart } from "./start-service.ts";
import type { RunContext } from "./types.ts";

/** Number of name conflicts to accept. Up to 20 silo processes may start at once, and each conflict means that another one has started. */
const MAX_CONFLICTS = 50;

/** Exit status after the terminal has hung up: 128 + SIGHUP. */
const HANGUP = 129;

/**
 * Runs the plan of a context. Builds a missing image, takes the next name after a conflict, and drops an optional port
 * that is in use.
 * @returns the exit status of the tool.
 * @throws SiloError if the name of `--name` or a configured port is in use, or the backend fails.
 */
export async function launch(context: RunContext, session: OwnSession): Promise<Exit> {
  const { backend, state, options } = context;
  let plan = context.plan;
  const hasImage = await offeringToStart(
    async () => (await backend.hasImage?.(plan.image.tag)) ?? true,
  );
  let built = options["force-build"] || !hasImage ? await buildImage(context) : false;
  let taken: readonly string[] = [];
  for (let conflicts = 0; ;) {
    // Names come from the session files, because listing containers takes as long as the rest of the start.
    const known = [...otherNames(state, backend.name, session.id), ...taken];
    const name = plan.name ?? nextName(plan.project, known);
    session.update(name, backend.survivesHangup(plan));
    const progress = runProgress(options.verbose, () => session.update(name, true));
    const outcome = await backend
      .run(plan, { id: session.id, name }, progress)
      .finally(() => progress.stage(undefined));
    switch (outcome.kind) {
      case "exit":
        await log.warn(...(outcome.warnings ?? []));
        return outcome.code;
      case "detached":
        return detached(session, name);
      case "no-image":
        if (built) throw vanished(plan);
        built = await buildImage(context);
        break;
      case "name-taken":
        conflicts += 1;
        if (plan.name !== undefined || conflicts > MAX_CONFLICTS) throw nameTaken(name);
        taken = [name, ...(await backend.takenNames())];
        break;
      case "port-taken":
        plan = await withoutPort(plan, outcome);
        break;
    }
  }
}

/** Keeps the session of a detached tool, and prints how to reattach. */
export function detached(session: OwnSession, name: string): Exit {
  session.detach();
  printStderr(`detached; reattach with: silo reconnect ${name}`);
  return HANGUP;
}

/**
 * Builds the image. If several silo processes need the same image, one builds it and the others wait.
 * @returns false if another process has built it.
 */
async function buildImage({ backend, plan, state, options }: RunContext): Promise<boolean> {
  const fresh = options["force-build"];
  return await interruptible(async (signal) => {
    const progress = buildProgress(plan.image.tag, options.verbose);
    try {
      const lock = await waitForLock(
        state,
        `build ${backend.name} ${plan.image.tag}`,
        ({ pid }) => progress.note(`waiting for another silo process (${pid}) to build this image`),
        signal,
      );
      try {
        if (lock.waited && !fresh) return false;
        await backend.build(plan.image, { fresh, onEvent: progress.event, signal });
        progress.done();
        return true;
      } finally {
        await lock.release();
      }
    } catch (error) {
      throw signal.aborted && !(error instanceof Cancelled) ? new Cancelled() : error;
    } finally {
      progress.stop();
    }
  });
}

function vanished(plan: RunPlan): SiloError {
  return new SiloError(`the image ${plan.image.tag} was built, but the backend cannot find it`, {
    hint: `silo ${plan.tool} --force-build`,
  });
}

function nameTaken(name: string): SiloError {
  return new SiloError(`the container name "${name}" is already in use`, {
    hint: `silo rm ${name}`,
  });
}

/** The plan without an optional port that is in use. @throws SiloError for a configured port. */
async function withoutPort(
  plan: RunPlan,
  { port }: RunOutcome & { kind: "port-taken" },
): Promise<RunPlan> {
  const taken = plan.ports.find(({ host }) => host === port);
  if (taken?.optional !== true) {
    throw new SiloError(`port ${port} on this machine is already in use`, {
      hint: `lsof -i :${port}   # or set another one under "ports" in silo.jsonc`,
    });
  }
  await log.warn(`port ${port} is in use, so this run of ${plan.tool} does not publish it`);
  return { ...plan, ports: plan.ports.filter((other) => other !== taken) };
}
