import type { BackendSettings } from "./settings/index.ts";
import type { Scalar, Value } from "./settings/setting.ts";
import type { BackendName, Toolchain } from "./types.ts";
import type { ToolName } from "./tool-names.ts";

/** A value and its source: `default`, an environment variable as `$NAME`, or a file's absolute path. */
export type Sourced<T> = { readonly value: T; readonly from: string };

/** Lists that a file may set at the top level, for a tool and for a repository pattern. */
export const LAYER_KEYS = [
  "mounts_ro",
  "mounts_rw",
  "caches",
  "env",
  "post_build_hooks",
  "pre_run_hooks",
  "ports",
] as const;
export type LayerKey = (typeof LAYER_KEYS)[number];
export type Layer = { readonly [K in LayerKey]: readonly Sourced<string>[] };

/** A setting's merged value. Lists and settings with a default are never undefined. */
type Merged<S> = S extends { readonly type: "paths" }
  ? readonly Sourced<string>[]
  : S extends { readonly default: Scalar }
    ? Sourced<Value<S>>
    : Sourced<Value<S>> | undefined;

/** The merged configuration. Paths, env and ports are as written; relative paths start at the directory of `from`. */
export type Config = Layer & {
  readonly backend: Sourced<BackendName> | undefined;
  readonly tool: Sourced<ToolName> | undefined;
  readonly backends: {
    readonly [B in keyof BackendSettings]: {
      readonly [K in keyof BackendSettings[B]]: Merged<BackendSettings[B][K]>;
    };
  };
  readonly image: {
    readonly base: Sourced<string>;
    readonly toolchains: readonly Sourced<Toolchain>[];
  };
  readonly trusted_paths: readonly Sourced<string>[];
  readonly tools: { readonly [K in ToolName]?: Layer };
  /** Patterns in the order they were first named. */
  readonly repos: Readonly<
    Record<string, Layer & { readonly tool: Sourced<ToolName> | undefined }>
  >;
};
