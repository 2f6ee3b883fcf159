import { dirname } from "node:path";
import { LAYER_KEYS, type Config, type Layer, type Sourced } from "../core/config.ts";
import { mountPath } from "../core/paths.ts";
import { BACKEND_SETTINGS } from "../core/settings/index.ts";
import type { Scalar, Setting } from "../core/settings/setting.ts";
import type { ToolName } from "../core/tool-names.ts";
import { TOOLCHAINS, type BackendName } from "../core/types.ts";
import type { FileConfig } from "./schema.ts";

/** A parsed file and its absolute path. */
export type LoadedFile = {
  readonly path: string;
  readonly config: FileConfig;
  /** `trusted_paths` counts in the global file only; true if absent. */
  readonly global?: boolean;
};

type Env = Readonly<Record<string, string | undefined>>;

/** One object of a file, such as its `image`, and the file's path. */
type Part<T> = { readonly from: string; readonly part: T };

const fromDefault = <T>(value: T): Sourced<T> => ({ value, from: "default" });

/** The same object of every file that has it, in load order. */
function parts<T>(
  files: readonly LoadedFile[],
  pick: (config: FileConfig) => T | undefined,
): readonly Part<T>[] {
  return files.flatMap(({ path, config }) => {
    const part = pick(config);
    return part === undefined ? [] : [{ from: path, part }];
  });
}

/** The value of the last file that sets a key. */
function last<T, K extends keyof T>(
  all: readonly Part<T>[],
  key: K,
): Sourced<NonNullable<T[K]>> | undefined {
  for (const { from, part } of all.toReversed()) {
    const value = part[key] ?? undefined;
    if (value !== undefined) return { value, from };
  }
  return undefined;
}

/** Appends the lists of all files without duplicates: values with an equal `meaning`, which resolves paths per file. */
function appended<T>(
  lists: readonly Part<readonly T[]>[],
  meaning: (value: T, from: string) => unknown = (value) => value,
): readonly Sourced<T>[] {
  const found = new Map<unknown, Sourced<T>>();
  for (const { from, part } of lists) {
    for (const value of part) {
      const key = meaning(value, from);
      if (!found.has(key)) found.set(key, { value, from });
    }
  }
  return [...found.values()];
}

const asPath = (value: string, from: string) => mountPath(value, dirname(from), "~");

function layer(
  files: readonly LoadedFile[],
  pick: (config: FileConfig) => Partial<Record<keyof Layer, string[] | undefined>> | undefined,
): Layer {
  const entries = LAYER_KEYS.map((key) => {
    const lists = parts(files, (config) => pick(config)?.[key]);
    return [key, appended(lists, key.startsWith("mounts_") ? asPath : undefined)];
  });
  return Object.fromEntries(entries) as Layer;
}

/** The keys of an object in all files, each once. */
function keysOf<K extends string>(objects: readonly Part<Partial<Record<K, unknown>>>[]) {
  return [...new Set(objects.flatMap(({ part }) => Object.keys(part)))] as K[];
}

type BackendPart = Part<Readonly<Record<string, unknown>>>;

function mergeSetting(name: string, setting: Setting, files: readonly BackendPart[], env: Env) {
  if (setting.type === "paths") return appended(listsOf(files, name));
  const variable = setting.env === undefined ? undefined : env[setting.env];
  if (variable !== undefined && variable !== "")
    return { value: variable, from: `$${setting.env}` };
  const { default: fallback } = setting;
  return last(files, name) ?? (fallback === undefined ? undefined : fromDefault<Scalar>(fallback));
}

function listsOf(files: readonly BackendPart[], name: string): readonly Part<readonly unknown[]>[] {
  return files.flatMap(({ from, part: { [name]: list } }) =>
    Array.isArray(list) ? [{ from, part: list }] : [],
  );
}

/** Merges the settings of every backend. */
function mergeBackends(files: readonly LoadedFile[], env: Env): Config["backends"] {
  const merged = Object.entries(BACKEND_SETTINGS).map(([backend, settings]) => {
    const own = parts(files, ({ backends }) => backends?.[backend as BackendName]);
    const entries = Object.entries<Setting>(settings).map(([name, setting]) => [
      name,
      mergeSetting(name, setting, own, env),
    ]);
    return [backend, Object.fromEntries(entries)];
  });
  // The keys and types are those of BACKEND_SETTINGS, which the type is mapped from.
  return Object.fromEntries(merged) as Config["backends"];
}

/** Merges files in load order: scalars are replaced, lists appended, tools and repositories merged key by key. */
export function mergeConfig(files: readonly LoadedFile[], env: Env): Config {
  const root = parts(files, (config) => config);
  const image = parts(files, (config) => config.image);
  const toolchains = parts(files, (config) => config.image?.toolchains);
  const trusting = files.filter(({ global }) => global !== false);
  const tools = keysOf<ToolName>(parts(files, (config) => config.tools));
  const repos = keysOf(parts(files, (config) => config.repos));
  return {
    backend: last(root, "backend"),
    tool: last(root, "tool"),
    backends: mergeBackends(files, env),
    image: {
      base: last(image, "base") ?? fromDefault("ubuntu:24.04"),
      toolchains:
        toolchains.length > 0 ? appended(toolchains) : TOOLCHAINS.map((name) => fromDefault(name)),
    },
    trusted_paths: appended(
      parts(trusting, (config) => config.trusted_paths),
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
          tool: last(
            parts(files, (config) => config.repos?.[pattern]),
            "tool",
          ),
          ...layer(files, (config) => config.repos?.[pattern]),
        },
      ]),
    ),
  };
}
