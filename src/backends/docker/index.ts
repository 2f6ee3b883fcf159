import { statSync } from "node:fs";
import type { Config } from "../../core/config.ts";
import { xdgDirectories } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import type { Ask } from "../../sys/process/prefetch.ts";
import type { Backend } from "../backend.ts";
import { survivesHangup } from "./args.ts";
import type { DockerSettings } from "./settings.ts";
import { list, names, remove } from "./list.ts";
import { checkRuntime } from "./runtime.ts";
import { inhabitantOf } from "../../core/seccomp/inhabitant.ts";
import { profilePath } from "./seccomp.ts";

const SOCKET = "/var/run/docker.sock";

function settingsFrom({ backends: { docker } }: Config): DockerSettings {
  const { home, env, uid } = readEnvironment();
  const inhabitant = inhabitantOf(uid);
  return {
    command: docker.command.value,
    cpus: docker.cpus?.value,
    memory: docker.memory?.value,
    processes: docker.processes.value,
    log: docker.log.value,
    coreDumps: docker.core_dumps.value,
    socket: docker.socket.value ? hostSocket() : undefined,
    keep: docker.keep.value,
    runtime: docker.runtime?.value,
    inhabitant,
    seccomp: profilePath(xdgDirectories(home, env).cache, inhabitant),
  };
}

/** The engine's socket on the host; in the VM of an engine it has the same path. */
function hostSocket(): { path: string; gid: number } {
  try {
    return { path: SOCKET, gid: statSync(SOCKET).gid };
  } catch {
    throw new SiloError(`backends.docker.socket is enabled, but ${SOCKET} does not exist`, {
      hint: 'set "socket": false under backends.docker in silo.jsonc',
    });
  }
}

/** Runs tools in containers of a Docker engine, with the current context of the docker command. */
export function open(config: Config, ask: Ask): Backend {
  const settings = settingsFrom(config);
  const runner = async () => (await import("./runner.ts")).dockerRunner(settings);
  return {
    name: "docker",
    abilities: { files: "direct" },
    warnings:
      settings.socket === undefined
        ? []
        : ["backends.docker.socket is enabled, so the tool can become root on this machine"],
    takenNames: () => names(settings),
    check: () => Promise.try(checkRuntime, settings.runtime),
    preview: async (plan, session) => await (await runner()).preview(plan, session),
    run: async (plan, session) => await (await runner()).run(plan, session),
    build: async (image, options) => await (await runner()).build(image, options),
    survivesHangup: (plan) => survivesHangup(plan, settings),
    reconnect: async (instance) => await (await runner()).reconnect(instance),
    exec: async (instance, argv, tty) => await (await runner()).exec(instance, argv, tty),
    list: () => list(settings, ask),
    images: async () => await (await runner()).images(),
    removeImages: async (references) => await (await runner()).removeImages(references),
    caches: async () => await (await runner()).caches(),
    removeCaches: async (references) => await (await runner()).removeCaches(references),
    remove: async (instances) => {
      await remove(settings, instances);
      return [];
    },
    reap: async (sessions) => await (await runner()).reap(sessions),
  };
}
