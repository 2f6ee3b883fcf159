import type { Backend } from "../backends/backend.ts";
import { nextName } from "../core/naming.ts";
import type { RunPlan } from "../core/types.ts";
import { otherNames, type OwnSession } from "../sys/sessions.ts";

/** By then what was started runs: the question would take the processor from it. */
const ASK_AFTER_MS = 1000;
const AGAIN_MS = 50;

export type Guessed = {
  readonly backend: Backend & Required<Pick<Backend, "rename">>;
  readonly plan: RunPlan;
  readonly own: OwnSession;
  /** The XDG state directory. */
  readonly state: string;
  /** Its name is the guess, and follows what it is called. */
  readonly session: { readonly id: string; name: string };
  /** The names that the guess was made from. */
  readonly known: readonly string[];
  /** Aborted when the run is over. */
  readonly ended: AbortSignal;
};

/**
 * Gives what was started under a guessed name the one that it would have had if all names in use had been asked for
 * first. They differ where containers have such names of which this user's silos know nothing.
 */
export async function settleName(guessed: Guessed): Promise<void> {
  const { backend, plan, own, state, session, known, ended } = guessed;
  const over = () => ended.aborted;
  await pause(ASK_AFTER_MS);
  if (over()) return;
  const names = await backend.names();
  // Those that other silos of this user's have taken since are as they should be.
  const silos = new Set([...known, ...otherNames(state, backend.name, own.id), session.name]);
  let right = nextName(plan.project, [...known, ...names.filter((name) => !silos.has(name))]);
  while (right !== session.name && !over()) {
    // First in the file, so that no other silo takes it for a stranger's.
    own.named(right, backend.keeps(plan));
    const outcome = await backend.rename(session.id, right);
    if (over()) return;
    if (outcome === "done") session.name = right;
    else if (outcome === "taken")
      right = nextName(plan.project, [right, ...(await backend.names())]);
    else await pause(AGAIN_MS);
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
