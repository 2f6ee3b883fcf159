import type { Config } from "../../core/config.ts";
import { xdgDirectories } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import type { Backend, Instance } from "../backend.ts";
import { LAYER, type FlySettings } from "./args.ts";
import { list } from "../remote/list.ts";
import { machines, type Machine } from "./machines.ts";

/** Fly's own default of 256 MB runs no agent; shared processors may have 2 GB each. */
const DEFAULT_SIZE = { cpus: 4, memoryMb: 8192 } as const;
const MIB = 1024 ** 2;

/** An amount as written in silo.jsonc, in MiB. */
function megabytes(written: string): number {
  const [, count = "0", unit = "b"] = /^([\d.]+)([bkmg]?)$/i.exec(written) ?? [];
  const bytes = { b: 1, k: 1024, m: MIB, g: 1024 * MIB }[unit.toLowerCase()] ?? 1;
  return Math.max(256, Math.round((Number(count) * bytes) / MIB));
}

/** What a host of another kind has made for itself is of no use on Linux. */
const FOREIGN = ["node_modules", "target", ".venv"];

function settingsFrom({ backends: { fly } }: Config, platform: string): FlySettings | undefined {
  if (fly.app === undefined) return undefined;
  const own = fly.ignore.map(({ value }) => value);
  return {
    app: fly.app.value,
    region: fly.region.value,
    cpus: fly.cpus?.value ?? DEFAULT_SIZE.cpus,
    memoryMb: fly.memory === undefined ? DEFAULT_SIZE.memoryMb : megabytes(fly.memory.value),
    ignore: platform === "linux" || own.length > 0 ? own : FOREIGN,
    persist: fly.persist.value === "tmux",
  };
}

function noApp(): SiloError {
  return new SiloError("no Fly.io app is set, and machines belong to one", {
    hint: 'fly apps create <name> --network silo   # then "backends": { "fly": { "app": "<name>" } }',
  });
}

/** Tools on Fly.io's machines, with files that mutagen keeps alike over ssh. */
export function open(config: Config): Backend {
  const own = readEnvironment();
  const { state } = xdgDirectories(own.home, own.env);
  const here = { state, uid: own.uid };
  const found = settingsFrom(config, own.platform);
  const settings = () => {
    if (found === undefined) throw noApp();
    return found;
  };
  // Each call goes around the world, so what was listed is kept for the instance that it gave.
  const listed = new Map<string, Machine>();
  const machineOf = (instance: Instance): Machine => {
    const machine = listed.get(instance.id);
    if (machine === undefined) throw new Error(`${instance.name} was not listed by this backend`);
    return machine;
  };
  return {
    name: "fly",
    abilities: { files: "synced", layer: LAYER, attachFromAnywhere: true },
    warnings: [],
    takenNames: async () => (await machines(state, settings().app)).map(({ name }) => name),
    check: async () => {
      settings();
      const { checkPrograms } = await import("../remote/run.ts");
      checkPrograms();
    },
    preview: async (plan, session) => {
      const { previewRun } = await import("./preview.ts");
      return await previewRun(plan, session, settings(), here);
    },
    run: async (plan, session, report) => {
      const { runPlan } = await import("../remote/run.ts");
      return await runPlan(plan, session, settings(), here, report);
    },
    build: async (image, options) => {
      const { buildImage } = await import("./build.ts");
      await buildImage(image, settings(), state, options);
    },
    survivesHangup: () => false,
    reconnect: async (instance, report) => {
      const { app } = settings();
      const { reconnect } = await import("../remote/reconnect.ts");
      return await reconnect(here, own.home, app, machineOf(instance), report);
    },
    exec: async (instance, argv, tty) => {
      const { app } = settings();
      const { execIn } = await import("../remote/exec.ts");
      return await execIn(here, own.home, app, machineOf(instance), argv, tty);
    },
    // Without an app there is nothing of silo's.
    list: async () => {
      if (found === undefined) return [];
      const machines = await list(here, found.app);
      for (const { instance, machine } of machines) listed.set(instance.id, machine);
      return machines.map(({ instance }) => instance);
    },
    remove: async (instances, force) => {
      const { remove } = await import("../remote/remove.ts");
      return await remove(here, settings().app, instances.map(machineOf), force);
    },
    reap: async (sessions) => {
      const { takeBack } = await import("../remote/run.ts");
      for (const session of sessions) await takeBack(here, settings().app, session);
      return [];
    },
    // Fly keeps an app's images, and flyctl has no way to delete one.
    images: () => Promise.resolve([]),
    removeImages: () => Promise.resolve([]),
  };
}
