import { xdgDirectories } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import { adoptSession, takeSession } from "../../sys/state/sessions.ts";
import { log } from "../../ui/log.ts";
import { canAsk } from "../../ui/prompts.ts";
import { allContainers, pick } from "../../run/instances.ts";
import type { Action } from "../grammar/command.ts";
import type { RECONNECT_OPTIONS } from "../grammar/options.ts";
import { leftRunning } from "../../run/launch.ts";
import { runReport } from "../../run/progress.ts";

/** `silo reconnect <name>`: this terminal for one that was left running. @returns the tool's exit code. */
export const reconnect: Action<typeof RECONNECT_OPTIONS> = async ({
  options,
  args: [name = ""],
}) => {
  const { owner, ...instance } = pick(await allContainers(options.backend), name);
  const { session } = instance;
  if (owner.reconnect === undefined) {
    throw new SiloError(`the ${owner.name} backend cannot come back to what runs`, {
      hint: `silo shell ${name}`,
    });
  }
  if (!canAsk())
    throw new SiloError("there is no terminal here", { hint: `silo exec ${name} ...` });
  const here = readEnvironment();
  const { state } = xdgDirectories(here.home, here.env);
  const known = await takeSession(state, owner.name, session);
  const own =
    known === undefined && owner.abilities.attachFromAnywhere === true
      ? await adoptSession(state, owner.name, session, name)
      : known;
  if (own === undefined || "pid" in own) throw inUse(name, own?.pid);
  const report = runReport(options.verbose, () => own.update(name, true));
  try {
    const outcome = await owner.reconnect(instance, report);
    if (outcome.kind !== "exit") return leftRunning(own, name);
    for (const warning of outcome.warnings ?? []) log.warn(warning);
    own.close();
    return outcome.code;
  } catch (error) {
    // It may still run: the next reconnect finds it again.
    own.detach();
    throw error;
  } finally {
    report.stage(undefined);
  }
};

function inUse(name: string, pid: number | undefined): SiloError {
  const who = pid === undefined ? "a silo of another user or machine" : `process ${pid}`;
  return new SiloError(`${name} is on another terminal (${who})`, {
    hint: `silo shell ${name}   # a second shell beside it`,
  });
}
