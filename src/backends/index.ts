import type { Config } from "../config/types.ts";
import type { BackendName } from "../core/types.ts";
import { SiloError } from "../errors.ts";
import type { Captured } from "../sys/process.ts";
import type { Backend } from "./backend.ts";

type Folder = {
  readonly open: (config: Config, early?: Promise<Captured>) => Backend | Promise<Backend>;
};

/** The backends of this version, loaded when they are used. A new one is a folder and a line here. */
const REGISTRY: { readonly [K in BackendName]?: () => Promise<Folder> } = {
  docker: () => import("./docker/index.ts"),
};

/** Those whose list can be asked for before the configuration is read. */
const EARLY: {
  readonly [K in BackendName]?: () => Promise<{ askEarly: () => Promise<Captured> }>;
} = {
  docker: () => import("./docker/list.ts"),
};

export const AVAILABLE = Object.keys(REGISTRY) as readonly BackendName[];

/** Lists that were asked for early. */
export type Early = ReadonlyMap<BackendName, Promise<Captured>>;

/** Asks for the lists that need no configuration. */
export async function askEarly(): Promise<Early> {
  const early = new Map<BackendName, Promise<Captured>>();
  for (const name of AVAILABLE) {
    const folder = await EARLY[name]?.();
    if (folder !== undefined) early.set(name, folder.askEarly());
  }
  return early;
}

/** The backend of that name. @throws SiloError where this version does not have it. */
export async function openBackend(
  name: BackendName,
  config: Config,
  early?: Early,
): Promise<Backend> {
  const load = REGISTRY[name];
  if (load === undefined) {
    throw new SiloError(`this version of silo has no ${name} backend yet`, {
      hint: "silo --backend docker …",
    });
  }
  return await (await load()).open(config, early?.get(name));
}

/** The one asked for, else the configured one, else `container` where it is there, else `docker`; never `fly` by itself. */
export function chooseBackend(
  asked: BackendName | undefined,
  config: Config,
  has: (bin: string) => boolean,
): BackendName {
  const named = asked ?? config.backend?.value;
  if (named !== undefined) return named;
  return REGISTRY.container !== undefined && has("container") ? "container" : "docker";
}
