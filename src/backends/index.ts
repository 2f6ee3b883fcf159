import type { Config } from "../config/types.ts";
import type { Finding } from "../core/finding.ts";
import type { BackendName } from "../core/types.ts";
import type { Backend, EarlyAnswer } from "./backend.ts";

type Folder = {
  readonly open: (config: Config, early?: EarlyAnswer) => Backend | Promise<Backend>;
};

/** The backends of this version, loaded when they are used. A new one is a folder and a line here. */
const REGISTRY: { readonly [K in BackendName]: () => Promise<Folder> } = {
  docker: () => import("./docker/index.ts"),
  container: () => import("./container/index.ts"),
  fly: () => import("./fly/index.ts"),
  bwrap: () => import("./bwrap/index.ts"),
};

type EarlyFolder = { readonly askEarly: (question: EarlyAnswer["question"]) => EarlyAnswer };

/** Those that can be asked before the configuration is read, and worth asking. */
const EARLY: {
  readonly [Q in EarlyAnswer["question"]]: {
    readonly [K in BackendName]?: () => Promise<EarlyFolder>;
  };
} = {
  list: {
    docker: () => import("./docker/early.ts"),
    container: () => import("./container/list.ts"),
  },
  names: { container: () => import("./container/list.ts") },
};

/** What `silo doctor` asks of each. */
const DOCTORS: {
  readonly [K in BackendName]: () => Promise<{
    diagnose: (config: Config) => Promise<readonly Finding[]>;
  }>;
} = {
  docker: () => import("./docker/doctor.ts"),
  container: () => import("./container/doctor.ts"),
  fly: () => import("./fly/doctor.ts"),
  bwrap: () => import("./bwrap/doctor.ts"),
};

/** How a backend is. */
export async function diagnose(name: BackendName, config: Config): Promise<readonly Finding[]> {
  return await (await DOCTORS[name]()).diagnose(config);
}

const AVAILABLE = Object.keys(REGISTRY) as readonly BackendName[];

/** Those worth asking for what runs: whose command is on this machine; Docker says how to get one where none is. */
export function present(has: (bin: string) => boolean): readonly BackendName[] {
  const engines = (name: BackendName) => (name === "docker" ? ["docker", "podman"] : [name]);
  const there = AVAILABLE.filter((name) => engines(name).some(has));
  return there.length === 0 ? ["docker"] : there;
}

export type Early = ReadonlyMap<BackendName, EarlyAnswer>;

/** Asks what needs no configuration, so that the engines work while the rest of silo is loaded. */
export async function askEarly(
  question: EarlyAnswer["question"],
  backends: readonly BackendName[],
): Promise<Early> {
  const early = new Map<BackendName, EarlyAnswer>();
  for (const name of backends) {
    const folder = await EARLY[question][name]?.();
    if (folder !== undefined) early.set(name, folder.askEarly(question));
  }
  return early;
}

/** The backend of that name. */
export async function openBackend(
  name: BackendName,
  config: Config,
  early?: Early,
): Promise<Backend> {
  return await (await REGISTRY[name]()).open(config, early?.get(name));
}

/**
 * The one asked for, else the configured one, else `container` where it is there, else `docker`, else on Linux
 * `bwrap` where only that is there; never `fly` by itself.
 */
export function chooseBackend(
  asked: BackendName | undefined,
  configured: BackendName | undefined,
  has: (bin: string) => boolean,
): BackendName {
  const named = asked ?? configured;
  if (named !== undefined) return named;
  if (has("container")) return "container";
  return process.platform === "linux" && !has("docker") && has("bwrap") ? "bwrap" : "docker";
}
