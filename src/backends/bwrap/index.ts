import { pause } from "../../sys/process/pause.ts";
import type { Config } from "../../core/config.ts";
import { xdgDirectories } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import { killAll } from "../../sys/process/marks.ts";
import type { Backend, Instance } from "../backend.ts";
import { hostCachesOf } from "../engine/host-caches.ts";
import { limitsFrom } from "./limits.ts";
import { running, type Running } from "./state.ts";

/** How long to wait until a killed sandbox has exited. */
const GONE_MS = 5_000;

function instanceOf({
  directory: _directory,
  pid,
  started: _started,
  ...record
}: Running): Instance {
  return {
    id: record.session,
    ...record,
    backend: "bwrap",
    status: `running (process ${pid})`,
    running: true,
  };
}

/** Kills sandboxes and waits until they have exited. @throws SiloError if one is still running. */
async function removeSessions(state: string, sessions: readonly string[]): Promise<void> {
  const end = performance.now() + GONE_MS;
  for (;;) {
    const left = (await running(state)).filter(({ session }) => sessions.includes(session));
    const [first] = left;
    if (first === undefined) return;
    if (performance.now() > end)
      throw new SiloError(`${first.name} is still running after SIGKILL`, {
        hint: `kill -9 ${first.pid}`,
      });
    killAll(left.map(({ pid }) => pid));
    await pause(20);
  }
}

/** Runs tools in Linux namespaces with bubblewrap and the host's own programs, without an engine or a base image. */
export function open(config: Config): Backend {
  const { home, env, uid } = readEnvironment();
  const { state, cache, data } = xdgDirectories(home, env);
  const runner = async () =>
    (await import("./runner.ts")).bwrapRunner({ state, cache, uid, limits: limitsFrom(config) });
  return {
    name: "bwrap",
    abilities: { files: "direct" },
    warnings: [],
    autoDetectNotice:
      "no container engine found, so the tool runs in a bwrap sandbox: it sees the host's /usr and network, and shares its kernel",
    takenNames: async () => (await running(state)).map(({ name }) => name),
    check: async (plan) => await (await runner()).check(plan),
    hasImage: async (tag) => await (await runner()).hasImage(tag),
    preview: async (plan, session) => await (await runner()).preview(plan, session),
    run: async (plan, session) => await (await runner()).run(plan, session),
    build: async (image, options) => await (await runner()).build(image, options),
    survivesHangup: () => false,
    exec: async (instance, argv, tty) => await (await runner()).exec(instance, argv, tty),
    list: async () => (await running(state)).map(instanceOf),
    remove: async (instances) => {
      const sessions = instances.map(({ session }) => session);
      await removeSessions(state, sessions);
      return [];
    },
    reap: async (sessions) => {
      await removeSessions(state, sessions);
      return await (await runner()).reap(sessions);
    },
    ...hostCachesOf(data),
    images: async () => await (await runner()).images(),
    removeImages: async (references) => await (await runner()).removeImages(references),
  };
}
