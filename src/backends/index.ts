import type { Config } from "../config/types.ts";
import type { BackendName } from "../core/types.ts";
import { SiloError } from "../errors.ts";
import type { Backend } from "./backend.ts";

/** The backends of this version, loaded when they are used. A new one is a folder and a line here. */
const REGISTRY: {
  readonly [K in BackendName]?: () => Promise<{ open: (config: Config) => Promise<Backend> }>;
} = {
  docker: () => import("./docker/index.ts"),
};

export const AVAILABLE = Object.keys(REGISTRY) as readonly BackendName[];

/** The backend of that name. @throws SiloError where this version does not have it. */
export async function openBackend(name: BackendName, config: Config): Promise<Backend> {
  const load = REGISTRY[name];
  if (load === undefined) {
    throw new SiloError(`this version of silo has no ${name} backend yet`, {
      hint: "silo --backend docker …",
    });
  }
  return await (await load()).open(config);
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
