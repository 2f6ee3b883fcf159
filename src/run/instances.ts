import type { Backend, Instance } from "../backends/backend.ts";
import { openBackend, present } from "../backends/registry.ts";
import type { Config } from "../core/config.ts";
import { xdgDirectories } from "../core/paths.ts";
import type { BackendName } from "../core/types.ts";
import { errorText, SiloError } from "../errors.ts";
import { suggestion } from "../core/text/suggestion.ts";
import { forgetEnded, keptSessions } from "../sys/state/sessions.ts";
import type { Ask } from "../sys/process/prefetch.ts";
import { onPath } from "../sys/host/which.ts";
import { readEnvironment } from "../sys/host/environment.ts";
import { tell } from "../ui/tell.ts";
import { loadApproved } from "../trust/approved-config.ts";
import { reapDead } from "./reap.ts";

/** A container and the backend that has it. */
export type Found = Instance & { readonly owner: Backend };

/** Loaded once, so that a warning about a file is shown once. */
let settings: Promise<Config> | undefined;

/**
 * Asks one backend, or all, for a list of something.
 * One that does not answer is an error when it was asked for, else a warning.
 */
export async function ofEach<T>(
  asked: BackendName | undefined,
  work: (owner: Backend, state: string) => Promise<readonly T[]>,
  ask?: Ask,
): Promise<readonly T[]> {
  const here = readEnvironment();
  const config = await (settings ??= loadApproved(here, "query").then(({ config }) => config));
  const { state } = xdgDirectories(here.home, here.env);
  const names = asked === undefined ? present(onPath) : [asked];
  const lists = await Promise.all(
    names.map(async (name) => {
      try {
        return await work(await openBackend(name, config, ask), state);
      } catch (error) {
        if (names.length === 1) throw error;
        const mend =
          error instanceof SiloError && error.hint !== undefined ? ` (${error.hint})` : "";
        await tell("warn", [`${name}: ${errorText(error)}${mend}`]);
        return [];
      }
    }),
  );
  return lists.flat();
}

/** What silo started, of one backend or of all; leftovers of killed silos are deleted first. */
export async function allContainers(
  asked: BackendName | undefined,
  ask?: Ask,
): Promise<readonly Found[]> {
  const list = async (owner: Backend, state: string) => {
    const gone = await reapDead(owner, state);
    const kept = keptSessions(state, owner.name);
    const listed = await owner.list();
    await forgetEnded(
      state,
      kept,
      listed.map(({ session }) => session),
    );
    return listed
      .filter(({ session }) => !gone.includes(session))
      .map((info) => ({ ...info, owner }));
  };
  return await ofEach(asked, list, ask);
}

/** The container of that name. @throws SiloError with the nearest name. */
export function pick(containers: readonly Found[], name: string): Found {
  const found = containers.find((container) => container.name === name);
  if (found !== undefined) return found;
  const names = containers.map((container) => container.name);
  throw new SiloError(`silo has no container "${name}"${suggestion(name, names)}`, {
    hint: "silo ls",
  });
}
