import type { Config } from "../../core/config.ts";
import { xdgDirectories } from "../../core/paths.ts";
import { machine } from "../../sys/host/hardware.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import { interactive, ProgramMissing } from "../../sys/process/process.ts";
import type { Ask } from "../../sys/process/prefetch.ts";
import type { Backend } from "../backend.ts";
import { requireRunning } from "../engine/running.ts";
import { hostCachesOf } from "../engine/host-caches.ts";
import { execArgs, type ContainerSettings } from "./args.ts";
import { BIN } from "./query.ts";
import { missingCli } from "./errors.ts";
import { deleteAll, hasImage, images, list, names, reap, removeImages } from "./list.ts";

const MIB = 1024 ** 2;
/** A virtual machine's memory is taken as it is used: much of the machine may be promised, not all of it. */
const SHARE = 0.4;
const LEAST_MIB = 2048;

/** All processors and 40 % of the memory, at least 2 GiB, where the configuration does not say. */
export function defaultSize(cores: number, memory: number): { cpus: number; memory: string } {
  return { cpus: cores, memory: `${Math.max(LEAST_MIB, Math.floor((memory * SHARE) / MIB))}M` };
}

function settingsFrom({ backends: { container }, image }: Config): ContainerSettings {
  const { cores, memory } = machine();
  const size = defaultSize(cores, memory);
  return {
    cpus: container.cpus?.value ?? size.cpus,
    memory: (container.memory?.value ?? size.memory).toUpperCase(),
    arch: process.arch,
    engine: image.toolchains.some(({ value }) => value === "docker"),
  };
}

/** Tools in lightweight virtual machines, by Apple's `container` command on macOS. */
export function open(config: Config, ask: Ask): Backend {
  const settings = settingsFrom(config);
  const here = readEnvironment();
  const { state, cache, data } = xdgDirectories(here.home, here.env);
  const version = async () => await (await import("./version.ts")).cliVersion(cache);
  return {
    name: "container",
    abilities: { files: "staged" },
    warnings: [],
    takenNames: names,
    hasImage,
    preview: async (plan, session) => {
      const [{ buildCommand, builderSize }, { runCommand }] = await Promise.all([
        import("./build.ts"),
        import("./run.ts"),
      ]);
      const size = builderSize(undefined, machine().cores);
      const given = { version: await version(), state, envFile: undefined };
      return {
        build: buildCommand(plan.image, ".", { ...size, fresh: false }),
        run: runCommand(plan, session, settings, given),
      };
    },
    run: async (plan, session) => {
      const { runPlan } = await import("./run.ts");
      const sweep = () => reap([session.id]);
      return await runPlan(plan, session, settings, { version: await version(), state, sweep });
    },
    build: async (image, options) => {
      const { buildImage } = await import("./build.ts");
      await buildImage(image, options);
    },
    survivesHangup: () => false,
    exec: async (instance, argv, tty) => {
      requireRunning(instance);
      return await exec(execArgs(instance.id, here, argv, tty));
    },
    list: () => list(ask),
    ...hostCachesOf(data),
    images,
    removeImages,
    remove: async (instances) => {
      await deleteAll(instances.map(({ id }) => id));
      return [];
    },
    reap: async (sessions) => {
      await reap(sessions);
      return await bringHome(state, sessions);
    },
  };
}

/** What the tools of dead silos last wrote to their copies of single files. */
async function bringHome(state: string, sessions: readonly string[]): Promise<readonly string[]> {
  const { endStage, leftStage } = await import("../../sys/staging/staging.ts");
  const warnings: string[] = [];
  for (const session of sessions) {
    const stage = await leftStage(state, session);
    if (stage !== undefined) warnings.push(...(await endStage(stage)));
  }
  return warnings;
}

async function exec(args: readonly string[]): Promise<number> {
  const { supervise } = await import("../../sys/process/signals.ts");
  try {
    const child = await interactive({ bin: BIN, args });
    const release = supervise({ forward: child.kill, destroy: () => child.kill("SIGKILL") });
    return await child.exit.finally(release);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli() : error;
  }
}
