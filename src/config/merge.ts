import { dirname } from "node:path";
import { mountPath } from "../core/paths.ts";
import { TOOLCHAINS } from "../core/types.ts";
import type { ToolName } from "../core/tool-names.ts";
import type { FileConfig } from "./schema.ts";
import { LAYER_KEYS, type Config, type Layer, type Sourced } from "../core/config.ts";

/** A parsed file and its absolute path. */
export type LoadedFile = {
  readonly path: string;
  readonly config: FileConfig;
  /** Only the global file says whom to trust; true unless told. */
  readonly global?: boolean;
};

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT = "default";
/** Enough for a build with many jobs, too few to take the machine down. */
const PROCESSES = 4096;
const fromDefault = <T>(value: T): Sourced<T> => ({ value, from: DEFAULT });

/** The last file that sets a value decides. */
function last<T>(
  files: readonly LoadedFile[],
  pick: (config: FileConfig) => T | undefined,
): Sourced<T> | undefined {
  for (const { path, config } of files.toReversed()) {
    const value = pick(config);
    if (value !== undefined) return { value, from: path };
  }
  return undefined;
}

/** All values in order; exact repeats are dropped, and a path counts as what it means in its file. */
function all<T>(
  files: readonly LoadedFile[],
  pick: (config: FileConfig) => readonly T[] | undefined,
  meaning: (value: T, from: string) => unknown = (value) => value,
): readonly Sourced<T>[] {
  const found = new Map<unknown, Sourced<T>>();
  for (const { path, config } of files) {
    for (const value of pick(config) ?? []) {
      const key = meaning(value, path);
      if (!found.has(key)) found.set(key, { value, from: path });
    }
  }
  return [...found.values()];
}

const isPath = (key: string) => key.startsWith("mounts_");
const asPath = (value: string, from: string) => mountPath(value, dirname(from), "~");

function layer(
  files: readonly LoadedFile[],
  pick: (config: FileConfig) => Partial<Record<keyof Layer, string[] | undefined>> | undefined,
): Layer {
  const entries = LAYER_KEYS.map((key) => [
    key,
    all(files, (config) => pick(config)?.[key], isPath(key) ? asPath : undefined),
  ]);
  return Object.fromEntries(entries) as Layer;
}

function keysOf<K extends string>(
  files: readonly LoadedFile[],
  pick: (config: FileConfig) => object | undefined,
): readonly K[] {
  return [...new Set(files.flatMap(({ config }) => Object.keys(pick(config) ?? {})))] as K[];
}

function override(env: Env, name: string): Sourced<string> | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : { value, from: `$${name}` };
}

function backends(files: readonly LoadedFile[], env: Env): Config["backends"] {
  const size = (name: "docker" | "container" | "fly") => ({
    cpus: last(files, (config) => config.backends?.[name]?.cpus),
    memory: last(files, (config) => config.backends?.[name]?.memory),
  });
  return {
    docker: {
      command: last(files, (config) => config.backends?.docker?.command) ?? fromDefault("docker"),
      socket: last(files, (config) => config.backends?.docker?.socket) ?? fromDefault(false),
      keep: last(files, (config) => config.backends?.docker?.keep) ?? fromDefault(false),
      runtime: last(files, (config) => config.backends?.docker?.runtime),
      processes:
        last(files, (config) => config.backends?.docker?.processes) ?? fromDefault(PROCESSES),
      log: last(files, (config) => config.backends?.docker?.log) ?? fromDefault(false),
      core_dumps:
        last(files, (config) => config.backends?.docker?.core_dumps) ?? fromDefault(false),
      ...size("docker"),
    },
    container: size("container"),
    bwrap: {
      memory: last(files, (config) => config.backends?.bwrap?.memory),
      processes: last(files, (config) => config.backends?.bwrap?.processes),
      tmp: last(files, (config) => config.backends?.bwrap?.tmp),
    },
    fly: {
      app: override(env, "FLY_APP") ?? last(files, (config) => config.backends?.fly?.app),
      region:
        override(env, "FLY_REGION") ??
        last(files, (config) => config.backends?.fly?.region) ??
        fromDefault("syd"),
      ignore: all(files, (config) => config.backends?.fly?.ignore),
      persist: last(files, (config) => config.backends?.fly?.persist) ?? fromDefault("tmux"),
      ...size("fly"),
    },
  };
}

/** Merges files in load order: scalars are replaced, arrays appended, tools and repositories key by key. */
export function mergeConfig(files: readonly LoadedFile[], env: Env): Config {
  const toolchains = all(files, (config) => config.image?.toolchains);
  const chosen = files.some(({ config }) => config.image?.toolchains !== undefined);
  const tools = keysOf<ToolName>(files, (config) => config.tools);
  const repos = keysOf(files, (config) => config.repos);
  return {
    backend: last(files, (config) => config.backend),
    tool: last(files, (config) => config.tool),
    backends: backends(files, env),
    image: {
      base: last(files, (config) => config.image?.base) ?? fromDefault("ubuntu:24.04"),
      toolchains: chosen ? toolchains : TOOLCHAINS.map(fromDefault),
    },
    trusted_paths: all(
      files.filter(({ global }) => global !== false),
      (config) => config.trusted_paths,
      asPath,
    ),
    ...layer(files, (config) => config),
    tools: Object.fromEntries(
      tools.map((name) => [name, layer(files, (config) => config.tools?.[name])]),
    ),
    repos: Object.fromEntries(
      repos.map((pattern) => [
        pattern,
        {
          tool: last(files, (config) => config.repos?.[pattern]?.tool),
          ...layer(files, (config) => config.repos?.[pattern]),
        },
      ]),
    ),
  };
}
