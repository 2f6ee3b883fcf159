import { statSync } from "node:fs";
import type { Config } from "../../core/config.ts";
import { xdgDirectories } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import { interactive, ProgramMissing } from "../../sys/process/process.ts";
import type { Ask } from "../../sys/process/prefetch.ts";
import type { Backend } from "../backend.ts";
import { requireRunning } from "../engine/running.ts";
import { execArgs, survivesHangup } from "./args.ts";
import type { DockerSettings } from "./settings.ts";
import { missingCli } from "./errors.ts";
import { list, names, reap, remove } from "./list.ts";
import { checkRuntime } from "./runtime.ts";
import { inhabitantOf } from "../../core/seccomp/inhabitant.ts";
import { ensureProfile, profilePath } from "./seccomp.ts";

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

/** The engine's socket on this machine; an engine elsewhere has it at the same place. */
function hostSocket(): { path: string; gid: number } {
  try {
    return { path: SOCKET, gid: statSync(SOCKET).gid };
  } catch {
    throw new SiloError(`backends.docker.socket is on, but there is no ${SOCKET}`, {
      hint: 'set "socket": false under backends.docker in silo.jsonc',
    });
  }
}

/** Tools in containers of a Docker engine, through whatever context the docker command uses. */
export function open(config: Config, ask: Ask): Backend {
  const settings = settingsFrom(config);
  return {
    name: "docker",
    abilities: { files: "direct" },
    warnings:
      settings.socket === undefined
        ? []
        : ["backends.docker.socket is on: what runs inside can become root on this machine"],
    takenNames: () => names(settings),
    check: () => Promise.try(checkRuntime, settings.runtime),
    preview: async (plan, session) => {
      const [{ buildCommand }, { limited, runCommand }] = await Promise.all([
        import("./build.ts"),
        import("./run.ts"),
      ]);
      return {
        build: buildCommand(plan.image, settings, { fresh: false, buildkit: false }),
        run: runCommand(plan, session, limited(settings), undefined),
      };
    },
    run: async (plan, session) => {
      const [{ runPlan }] = await Promise.all([
        import("./run.ts"),
        ensureProfile(settings.seccomp, settings.inhabitant),
      ]);
      return await runPlan(plan, session, settings, async () => {
        await reap(settings, [session.id]);
      });
    },
    build: async (image, options) => {
      const { buildImage } = await import("./build.ts");
      await buildImage(image, settings, options);
    },
    survivesHangup: (plan) => survivesHangup(plan, settings),
    reconnect: async (instance) => {
      requireRunning(instance);
      const { attach } = await import("./run.ts");
      return await attach(instance, settings, () => remove(settings, [instance]));
    },
    exec: async (instance, argv, tty) => {
      requireRunning(instance);
      return await exec(settings, execArgs(instance.id, argv, tty));
    },
    list: () => list(settings, ask),
    images: async () => (await import("./images.ts")).images(settings),
    removeImages: async (references) =>
      (await import("./images.ts")).removeImages(settings, references),
    caches: async () => (await import("./caches.ts")).caches(settings),
    removeCaches: async (references) =>
      (await import("./caches.ts")).removeCaches(settings, references),
    remove: async (instances) => {
      await remove(settings, instances);
      return [];
    },
    reap: async (sessions) => {
      const { reapLate } = await import("./late.ts");
      await reapLate(settings, sessions);
      return [];
    },
  };
}

async function exec({ command }: DockerSettings, args: readonly string[]): Promise<number> {
  const { supervise } = await import("../../sys/process/signals.ts");
  try {
    const child = await interactive({ bin: command, args });
    const release = supervise({ forward: child.kill, destroy: () => child.kill("SIGKILL") });
    return await child.exit.finally(release);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}
