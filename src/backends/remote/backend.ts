import type { Backend, Instance } from "../backend.ts";
import type { Machine, Remote } from "./provider.ts";

type Shared =
  | "takenNames"
  | "run"
  | "survivesHangup"
  | "reconnect"
  | "exec"
  | "list"
  | "remove"
  | "reap";

/**
 * The members of a `Backend` that are the same for every provider.
 * @param remote called on use, so that a missing setting fails only the commands that need it.
 */
export function remoteBackend(remote: () => Remote): Required<Pick<Backend, Shared>> {
  // Listed machines are cached for the commands that take an instance, because a query takes seconds.
  const listed = new Map<string, Machine>();
  const machineOf = ({ id, name }: Instance): Machine => {
    const machine = listed.get(id);
    if (machine === undefined) throw new Error(`${name} was not listed by this backend`);
    return machine;
  };
  return {
    takenNames: async () => (await remote().provider.machines()).map(({ name }) => name),
    run: async (plan, session, progress) => {
      const { runPlan } = await import("./run.ts");
      return await runPlan(remote(), { plan, session, progress });
    },
    survivesHangup: () => false,
    reconnect: async (instance, progress) => {
      const { reconnect } = await import("./reconnect.ts");
      return await reconnect(remote(), machineOf(instance), progress);
    },
    exec: async (instance, argv, tty) => {
      const { execIn } = await import("./exec.ts");
      return await execIn(remote(), machineOf(instance), argv, tty);
    },
    list: async () => {
      const { list } = await import("./list.ts");
      const found = await list(remote());
      for (const { instance, machine } of found) listed.set(instance.id, machine);
      return found.map(({ instance }) => instance);
    },
    remove: async (instances, force) => {
      const { remove } = await import("./remove.ts");
      // Listed again, because a machine may have been started or destroyed while the user was asked.
      const ids = new Set(instances.map(({ id }) => id));
      const found = (await remote().provider.machines()).filter(({ id }) => ids.has(id));
      return await remove(remote(), found, force);
    },
    reap: async (sessions) => {
      const { rollback } = await import("./run.ts");
      for (const session of sessions) await rollback(remote(), session);
      return [];
    },
  };
}
