import type { Backend, Instance } from "../backends/backend.ts";
import { openBackend, present } from "../backends/registry.ts";
import type { Config } from "../core/config.ts";
import { xdgDirectories } from "../core/paths.ts";
import type { BackendName } from "../core/types.ts";
import { errorLine, SiloError } from "../errors.ts";
import { suggestion } from "../core/text/suggestion.ts";
import { forgetEnded, keptSessions } from "../sys/state/sessions.ts";
import type { Ask } from "../sys/process/prefetch.ts";
import { onPath } from "../sys/host/which.ts";
import { readEnvironment } from "../sys/host/environment.ts";
import { log } from "../ui/log.ts";
import { loadApproved } from "../trust/approved-config.ts";
import { reapDead } from "./reap.ts";

/** An instance with its backend. */
export type OwnedInstance = Instance & { readonly owner: Backend };

/** The configuration. It is loaded once, so that each warning about a file is printed once. */
let settings: Promise<Config> | undefined;

/**
 * Queries one backend, or every backend whose command is installed, in parallel.
 * @param asked the only backend to query, if given.
 * @param ask runs the queries; some may have been prefetched.
 * @returns the joined results. If several backends are queried, the failure of one is a warning.
 * @throws SiloError if the only backend fails.
 */
export async function queryEach<T>(
  asked: BackendName | undefined,
  work: (owner: Backend, state: string) => Promise<readonly T[]>,
  ask?: Ask,
): Promise<readonly T[]> {
  const here = readEnvironment();
  const config = await (settings ??= loadApproved(here, "query").then((loaded) => loaded.config));
  const { state } = xdgDirectories(here.home, here.env);
  const names = asked === undefined ? present(onPath) : [asked];
  const lists = await Promise.all(
    names.map(async (name) => {
      try {
        return await work(await openBackend(name, config, ask), state);
      } catch (error) {
        if (names.length === 1) throw error;
        await log.warn(`${name}: ${errorLine(error)}`);
        return [];
      }
    }),
  );
  return lists.flat();
}

/** Lists the silo containers of one backend or of all, after reaping those of killed silo processes. */
export async function allInstances(
  asked: BackendName | undefined,
  ask?: Ask,
): Promise<readonly OwnedInstance[]> {
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
  return await queryEach(asked, list, ask);
}

/** Finds an instance by name. @throws SiloError that suggests the nearest name. */
export function findInstance(containers: readonly OwnedInstance[], name: string): OwnedInstance {
  const found = containers.find((container) => container.name === name);
  if (found !== undefined) return found;
  const names = containers.map((container) => container.name);
  throw new SiloError(`no silo container is named "${name}"${suggestion(name, names)}`, {
    hint: "silo ls",
  });
}

/** The status of an instance for people: its state and the backend's further facts. */
export function statusText({ status, details = [] }: Instance): string {
  return [status, ...details].join(", ");
}
