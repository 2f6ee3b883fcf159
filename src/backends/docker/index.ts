import { stat } from "node:fs/promises";
import type { Config } from "../../config/types.ts";
import { SiloError } from "../../errors.ts";
import { interactive, ProgramMissing } from "../../sys/process.ts";
import { supervise } from "../../sys/signals.ts";
import type { Backend } from "../backend.ts";
import { execArgs, type DockerSettings } from "./args.ts";
import { buildCommand, buildImage } from "./build.ts";
import { missingCli } from "./errors.ts";
import { list, names, reap, remove, runningOwn } from "./list.ts";
import { runCommand, runPlan } from "./run.ts";

const SOCKET = "/var/run/docker.sock";

async function settingsFrom({ backends: { docker } }: Config): Promise<DockerSettings> {
  return {
    command: docker.command.value,
    cpus: docker.cpus?.value,
    memory: docker.memory?.value,
    socket: docker.socket.value ? await hostSocket() : undefined,
  };
}

/** The engine's socket on this machine; an engine elsewhere has it at the same place. */
async function hostSocket(): Promise<{ path: string; gid: number }> {
  try {
    return { path: SOCKET, gid: (await stat(SOCKET)).gid };
  } catch {
    throw new SiloError(`backends.docker.socket is on, but there is no ${SOCKET}`, {
      hint: 'set "socket": false under backends.docker in silo.jsonc',
    });
  }
}

/** Tools in containers of a Docker engine, through whatever context the docker command uses. */
export async function open(config: Config): Promise<Backend> {
  const settings = await settingsFrom(config);
  return {
    name: "docker",
    abilities: { files: "direct" },
    warnings:
      settings.socket === undefined
        ? []
        : ["backends.docker.socket is on: what runs inside can become root on this machine"],
    names: () => names(settings),
    preview: (plan, session) => ({
      build: buildCommand(plan.image, settings, { fresh: false, buildkit: false }),
      run: runCommand(plan, session, settings, undefined),
    }),
    run: (plan, session) => runPlan(plan, session, settings, () => reap(settings, [session.id])),
    build: (image, options) => buildImage(image, settings, options),
    exec: async (name, argv, tty) => {
      await runningOwn(settings, name);
      return await exec(settings, execArgs(name, argv, tty));
    },
    list: () => list(settings),
    remove: (wanted) => remove(settings, wanted),
    reap: (sessions) => reap(settings, sessions),
  };
}

async function exec({ command }: DockerSettings, args: readonly string[]): Promise<number> {
  try {
    const child = await interactive({ bin: command, args });
    const release = supervise({ forward: child.kill, destroy: () => child.kill("SIGKILL") });
    return await child.exit.finally(release);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}
