import type { Backend, RunOutcome } from "../backends/backend.ts";
import { nextName } from "../core/naming.ts";
import type { RunPlan } from "../core/types.ts";
import type { Exit } from "../runtime/command.ts";
import { Cancelled, SiloError } from "../errors.ts";
import { waitForLock } from "../sys/state/locks.ts";
import { otherNames, type OwnSession } from "../sys/state/sessions.ts";
import { interruptible } from "../sys/process/interrupt.ts";
import { tell } from "../ui/tell.ts";
import { say } from "../ui/print.ts";
import { buildProgress } from "../ui/progress.ts";
import { runReport } from "./progress.ts";
import { offeringToStart } from "./start-service.ts";

/** Up to 20 silo processes may start at once; each conflict means that another one made progress. */
const MAX_CLASHES = 50;

const HANGUP = 129;

export type Launch = {
  readonly backend: Backend;
  readonly plan: RunPlan;
  readonly own: OwnSession;
  /** The XDG state directory. */
  readonly state: string;
  readonly forceBuild: boolean;
  readonly verbose: boolean;
};

/** Runs the plan, and mends what can be mended: a missing image, a taken name, a taken port of the tool's own. */
export async function launch(given: Launch): Promise<Exit> {
  const { backend, own } = given;
  let plan = given.plan;
  const hasImage = await offeringToStart(
    async () => (await backend.hasImage?.(plan.image.tag)) ?? true,
  );
  let built = given.forceBuild || !hasImage ? await buildImage(given) : false;
  let taken: readonly string[] = [];
  for (let clashes = 0; ;) {
    // Names come from the session files: to list the engine's containers takes as long as all of silo's own start.
    const known = [...otherNames(given.state, backend.name, own.id), ...taken];
    const name = plan.name ?? nextName(plan.project, known);
    own.update(name, backend.survivesHangup(plan));
    const report = runReport(given.verbose, () => own.update(name, true));
    const outcome = await backend
      .run(plan, { id: own.id, name }, report)
      .finally(() => report.stage(undefined));
    switch (outcome.kind) {
      case "exit":
        await tell("warn", outcome.warnings ?? []);
        return outcome.code;
      case "detached":
        return leftRunning(own, name);
      case "no-image":
        if (built) throw vanished(plan);
        built = await buildImage(given);
        break;
      case "name-taken":
        clashes += 1;
        if (plan.name !== undefined || clashes > MAX_CLASHES) throw nameTaken(name);
        taken = [name, ...(await backend.takenNames())];
        break;
      case "port-taken":
        plan = await withoutPort(plan, outcome);
        break;
    }
  }
}

/** A terminal that was closed is no failure, but nothing has ended either: the exit code of a hangup. */
export function leftRunning(own: OwnSession, name: string): Exit {
  own.detach();
  say(`left running; come back with: silo reconnect ${name}`);
  return HANGUP;
}

/**
 * Builds the image; of several silos that miss the same one, one builds and the others wait for it.
 * @returns whether this one built: if not, another's image may be there now.
 */
async function buildImage({ backend, plan, state, forceBuild, verbose }: Launch): Promise<boolean> {
  return await interruptible(async (signal) => {
    const progress = buildProgress(plan.image.tag, verbose);
    try {
      const lock = await waitForLock(
        state,
        `build ${backend.name} ${plan.image.tag}`,
        ({ pid }) =>
          progress.note(`waiting for another silo (process ${pid}) that builds this image`),
        signal,
      );
      try {
        if (lock.waited && !forceBuild) return false;
        await backend.build(plan.image, { fresh: forceBuild, report: progress.report, signal });
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
  return new SiloError(`the image ${plan.image.tag} was built, but the engine does not find it`, {
    hint: `silo ${plan.tool} --force-build`,
  });
}

function nameTaken(name: string): SiloError {
  return new SiloError(`the name "${name}" is in use`, { hint: `silo rm ${name}` });
}

/** The plan without a taken port of the tool's own. @throws SiloError for a configured one. */
async function withoutPort(
  plan: RunPlan,
  { port }: RunOutcome & { kind: "port-taken" },
): Promise<RunPlan> {
  const taken = plan.ports.find(({ host }) => host === port);
  if (taken?.optional !== true) {
    throw new SiloError(`port ${port} on this machine is in use by another program`, {
      hint: `lsof -i :${port}   # or choose another one under "ports" in silo.jsonc`,
    });
  }
  await tell("warn", [`port ${port} is in use, so ${plan.tool}'s is not published this time`]);
  return { ...plan, ports: plan.ports.filter((other) => other !== taken) };
}
