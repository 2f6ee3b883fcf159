import { statSync } from "node:fs";
import type { Config } from "../../config/types.ts";
import { xdgDirectories } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { place } from "../../sys/place.ts";
import { interactive, ProgramMissing } from "../../sys/process.ts";
import type { Backend, EarlyAnswer } from "../backend.ts";
import { execArgs, keeps, type DockerSettings } from "./args.ts";
import { missingCli } from "./errors.ts";
import { list, names, reap, remove, rename, runningOwn } from "./list.ts";
import { checkRuntime } from "./runtime.ts";
import { inhabitantOf } from "../../core/seccomp/inhabitant.ts";
import { ensureProfile, profilePath } from "./seccomp.ts";

const SOCKET = "/var/run/docker.sock";

function settingsFrom({ backends: { docker } }: Config): DockerSettings {
  const { home, env, uid } = place();
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
export function open(config: Config, early?: EarlyAnswer): Backend {
  const settings = settingsFrom(config);
  // An early answer is true once; who asks again wants to know what has changed.
  let unused = early;
  const once = () => {
    const answer = unused;
    unused = undefined;
    return answer;
  };
  return {
    name: "docker",
    abilities: { files: "direct" },
    warnings:
      settings.socket === undefined
        ? []
        : ["backends.docker.socket is on: what runs inside can become root on this machine"],
    names: () => names(settings),
    rename: (session, to) => rename(settings, session, to),
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
    keeps: (plan) => keeps(plan, settings),
    reconnect: async (name) => {
      await runningOwn(settings, name);
      const { attach } = await import("./run.ts");
      return await attach(name, settings, () => remove(settings, [name]));
    },
    exec: async (name, argv, tty) => {
      await runningOwn(settings, name);
      return await exec(settings, execArgs(name, argv, tty));
    },
    list: () => list(settings, once()),
    images: async () => (await import("./images.ts")).images(settings),
    removeImages: async (references) =>
      (await import("./images.ts")).removeImages(settings, references),
    caches: async () => (await import("./caches.ts")).caches(settings),
    removeCaches: async (references) =>
      (await import("./caches.ts")).removeCaches(settings, references),
    remove: async (wanted) => {
      await remove(settings, wanted);
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
  const { supervise } = await import("../../sys/signals.ts");
  try {
    const child = await interactive({ bin: command, args });
    const release = supervise({ forward: child.kill, destroy: () => child.kill("SIGKILL") });
    return await child.exit.finally(release);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}
