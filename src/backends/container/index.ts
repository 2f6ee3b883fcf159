import type { Config } from "../../core/config.ts";
import { xdgDirectories } from "../../core/paths.ts";
import { machine } from "../../sys/host/hardware.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import type { Ask } from "../../sys/process/prefetch.ts";
import type { Backend } from "../backend.ts";
import { hostCachesOf } from "../engine/host-caches.ts";
import type { ContainerSettings } from "./args.ts";
import { deleteAll, hasImage, images, list, names, removeImages } from "./list.ts";

const MIB = 1024 ** 2;
/** Default share of the host's memory. It can be large, because a VM takes memory only as it uses it. */
const SHARE = 0.4;
const LEAST_MIB = 2048;

/** Default size of a VM: all CPUs and 40 % of the memory, at least 2 GiB. */
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

/** Runs tools in lightweight VMs with Apple's `container` command on macOS. */
export function open(config: Config, ask: Ask): Backend {
  const settings = settingsFrom(config);
  const host = readEnvironment();
  const directories = xdgDirectories(host.home, host.env);
  const runner = async () => (await import("./runner.ts")).containerRunner(settings, host);
  return {
    name: "container",
    abilities: { files: "staged" },
    warnings: [],
    takenNames: names,
    hasImage,
    preview: async (plan, session) => await (await runner()).preview(plan, session),
    companions: (plan) => [
      {
        name: "syncing single files",
        open: async (session) =>
          await (await import("./run.ts")).openCopies(plan, directories.state, session),
      },
    ],
    run: async (plan, session) => await (await runner()).run(plan, session),
    build: async (image, options) => await (await runner()).build(image, options),
    survivesHangup: () => false,
    exec: async (instance, argv, tty) => await (await runner()).exec(instance, argv, tty),
    list: () => list(ask),
    ...hostCachesOf(directories.data),
    images,
    removeImages,
    remove: async (instances) => {
      // An id is a name here, which another container may have since it was listed.
      const sessions = new Set(instances.map(({ session }) => session));
      const own = (await list()).filter(({ session }) => sessions.has(session));
      await deleteAll(own.map(({ id }) => id));
      return [];
    },
    reap: async (sessions) => await (await runner()).reap(sessions),
  };
}
