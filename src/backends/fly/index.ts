import type { Config } from "../../core/config.ts";
import { xdgDirectories } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import type { Backend } from "../backend.ts";
import { remoteBackend } from "../remote/backend.ts";
import { LAYER } from "../remote/link/guest.ts";
import type { FlySettings } from "./args.ts";
import { APP_HINT } from "./errors.ts";
import { flyFolder } from "./flyctl.ts";
import { flyProvider } from "./provider.ts";

/** Default size of a machine. Fly's own default of 256 MB is too small for an agent; a shared CPU may have up to 2 GB. */
const DEFAULT_SIZE = { cpus: 4, memoryMb: 8192 } as const;
const MIB = 1024 ** 2;

/** Converts an amount of memory in silo.jsonc, such as `4g`, to MiB. */
function megabytes(written: string): number {
  const [, count = "0", unit = "b"] = /^([\d.]+)([bkmg]?)$/i.exec(written) ?? [];
  const bytes = { b: 1, k: 1024, m: MIB, g: 1024 * MIB }[unit.toLowerCase()] ?? 1;
  return Math.max(256, Math.round((Number(count) * bytes) / MIB));
}

/** Default of `ignore` on macOS: build results and packages, which do not run on Linux. */
const FOREIGN = ["node_modules", "target", ".venv"];

/** Settings of machines and of syncing, from the configuration. */
type Settings = FlySettings & { readonly ignore: readonly string[]; readonly persist: boolean };

function settingsFrom({ backends: { fly } }: Config, platform: string): Settings | undefined {
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

/** Runs tools on Fly.io machines. Files are synced with mutagen over SSH. */
export function open(config: Config): Backend {
  const { home, env, uid, platform } = readEnvironment();
  const { state } = xdgDirectories(home, env);
  const folder = flyFolder(state);
  const found = settingsFrom(config, platform);
  const settings = () => {
    if (found === undefined)
      throw new SiloError("no Fly.io app is set (backends.fly.app)", {
        hint: APP_HINT,
      });
    return found;
  };
  const shared = remoteBackend(() => {
    const { ignore, persist, ...fly } = settings();
    return { state, folder, uid, home, ignore, persist, provider: flyProvider(fly, folder) };
  });
  return {
    ...shared,
    name: "fly",
    abilities: { files: "synced", layer: LAYER, attachFromAnywhere: true },
    warnings: [],
    check: async () => {
      settings();
      const { checkPrograms } = await import("../remote/run.ts");
      checkPrograms();
    },
    preview: async (plan, session) => {
      const { previewRun } = await import("./preview.ts");
      return previewRun(plan, session, settings(), folder);
    },
    build: async (image, options) => {
      const { buildImage } = await import("./build.ts");
      await buildImage(image, settings(), folder, options);
    },
    // Without an app there are no machines.
    list: async () => (found === undefined ? [] : await shared.list()),
    // Fly.io keeps an app's images, and flyctl has no command to delete one.
    images: () => Promise.resolve([]),
    removeImages: () => Promise.resolve([]),
  };
}
