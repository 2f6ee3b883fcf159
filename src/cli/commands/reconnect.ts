import { xdgDirectories } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import { adoptSession, takeSession } from "../../sys/state/sessions.ts";
import { log } from "../../ui/log.ts";
import { canAsk } from "../../ui/prompts.ts";
import { allInstances, findInstance } from "../../run/instances.ts";
import type { Action } from "../grammar/command.ts";
import type { RECONNECT_OPTIONS } from "../grammar/options.ts";
import { detached } from "../../run/launch.ts";
import { runProgress } from "../../run/progress.ts";

/** `silo reconnect`: attaches this terminal to a detached tool. @returns the exit status of the tool. */
export const reconnect: Action<typeof RECONNECT_OPTIONS> = async ({
  options,
  args: [name = ""],
}) => {
  const { owner, ...instance } = findInstance(await allInstances(options.backend), name);
  const { session } = instance;
  if (owner.reconnect === undefined) {
    throw new SiloError(`the ${owner.name} backend does not support reconnect`, {
      hint: `silo shell ${name}`,
    });
  }
  if (!canAsk())
    throw new SiloError("silo reconnect requires a TTY", { hint: `silo exec ${name} <command>` });
  const here = readEnvironment();
  const { state } = xdgDirectories(here.home, here.env);
  const known = await takeSession(state, owner.name, session);
  const own =
    known === undefined && owner.abilities.attachFromAnywhere === true
      ? await adoptSession(state, owner.name, session, name)
      : known;
  if (own === undefined || "pid" in own) throw inUse(name, own?.pid);
  const progress = runProgress(options.verbose, () => own.update(name, true));
  try {
    const outcome = await owner.reconnect(instance, progress);
    if (outcome.kind !== "exit") return detached(own, name);
    await log.warn(...(outcome.warnings ?? []));
    own.close();
    return outcome.code;
  } catch (error) {
    // The tool may still be running, so its session is kept for the next reconnect.
    own.detach();
    throw error;
  } finally {
    progress.stage(undefined);
  }
};

function inUse(name: string, pid: number | undefined): SiloError {
  const by = pid === undefined ? "by another user or machine" : `process ${pid}`;
  return new SiloError(`${name} is already attached (${by})`, {
    hint: `silo shell ${name}   # opens a second shell in it`,
  });
}
