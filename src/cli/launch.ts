import type { Backend, RunOutcome } from "../backends/backend.ts";
import { nextName } from "../core/naming.ts";
import type { Exit, RunPlan } from "../core/types.ts";
import { Cancelled, SiloError } from "../errors.ts";
import { waitForLock } from "../sys/locks.ts";
import { otherNames, type OwnSession } from "../sys/sessions.ts";
import { interruptible } from "../sys/interrupt.ts";
import { tell } from "../ui/tell.ts";
import { say } from "../ui/print.ts";
import { buildProgress } from "../ui/progress.ts";
import { runReport } from "./run-report.ts";
import { withService } from "./service.ts";
import type { Guessed } from "./settle-name.ts";

/** Twenty silos may start at once; each clash means that another one got on. */
const MAX_CLASHES = 50;

const HANGUP = 129;

export type Launch = {
  readonly backend: Backend;
  readonly plan: RunPlan;
  readonly own: OwnSession;
  /** The XDG state directory. */
  readonly state: string;
  /** Names in use, where they had to be asked for before. */
  readonly names: Promise<readonly string[]> | undefined;
  readonly forceBuild: boolean;
  readonly verbose: boolean;
};

/** Runs the plan, and mends what can be mended: a missing image, a taken name, a taken port of the tool's own. */
export async function launch(given: Launch): Promise<Exit> {
  const { backend, own } = given;
  let plan = given.plan;
  const [names, there] = await withService(firstQuestions(given));
  let built = given.forceBuild || !there ? await buildImage(given) : false;
  let taken = names;
  for (let clashes = 0; ;) {
    const known = taken ?? otherNames(given.state, backend.name, own.id);
    const session = { id: own.id, name: plan.name ?? nextName(plan.project, known) };
    own.named(session.name, backend.keeps(plan));
    const report = runReport(given.verbose, () => own.named(session.name, true));
    const ended = new AbortController();
    const running = backend.run(plan, session, report);
    if (taken === undefined) settle({ ...given, plan, session, known, ended: ended.signal });
    const outcome = await running.finally(() => {
      ended.abort();
      report.stage(undefined);
    });
    const { name } = session;
    switch (outcome.kind) {
      case "exit":
        await tell("warn", outcome.warnings ?? []);
        return outcome.code;
      case "left":
        return leftRunning(own, name);
      case "no-image":
        if (built) throw vanished(plan);
        built = await buildImage(given);
        break;
      case "name-taken":
        clashes += 1;
        if (plan.name !== undefined || clashes > MAX_CLASHES) throw nameTaken(name);
        taken = [name, ...(await backend.names())];
        break;
      case "port-taken":
        plan = await withoutPort(plan, outcome);
        break;
    }
  }
}

/** What has to be known before a start, side by side; the names may have been asked for already. */
function firstQuestions({ backend, plan, names }: Launch) {
  let early = names;
  return () => {
    const asked = early ?? (guesses(backend) ? undefined : backend.names());
    early = undefined;
    return Promise.all([asked, backend.hasImage?.(plan.image.tag) ?? true]);
  };
}

/** A question takes as long as all of silo's own work: where a name can be changed, the start does not wait for it. */
export function guesses(backend: Backend): backend is Guessed["backend"] {
  return backend.rename !== undefined;
}

/** In the background: a name that is not quite right does no harm. */
function settle(guessed: Omit<Guessed, "backend"> & { readonly backend: Backend }): void {
  const { backend } = guessed;
  if (!guesses(backend)) return;
  import("./settle-name.ts")
    .then(({ settleName }) => settleName({ ...guessed, backend }))
    .catch(() => {});
}

/** A terminal that was closed is no failure, but nothing has ended either: the exit code of a hangup. */
export function leftRunning(own: OwnSession, name: string): Exit {
  own.leave();
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
