import type { BackendName, Toolchain } from "./types.ts";
import type { ToolName } from "./tool-names.ts";

/** A value and where it came from: `default`, an environment variable as `$NAME`, or a file's absolute path. */
export type Sourced<T> = { readonly value: T; readonly from: string };

/** The arrays that may stand at the top, under a tool and under a repository pattern; as written in the file. */
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

/** The merged configuration. Paths, env and ports are still as written; `from` tells what they are relative to. */
export type Config = Layer & {
  readonly backend: Sourced<BackendName> | undefined;
  readonly tool: Sourced<ToolName> | undefined;
  readonly backends: {
    readonly docker: {
      readonly command: Sourced<string>;
      readonly socket: Sourced<boolean>;
      readonly keep: Sourced<boolean>;
      readonly runtime: Sourced<string> | undefined;
      readonly processes: Sourced<number>;
      readonly log: Sourced<boolean>;
      readonly core_dumps: Sourced<boolean>;
      readonly cpus: Sourced<number> | undefined;
      readonly memory: Sourced<string> | undefined;
    };
    readonly container: {
      readonly cpus: Sourced<number> | undefined;
      readonly memory: Sourced<string> | undefined;
    };
    readonly bwrap: {
      readonly memory: Sourced<string> | undefined;
      readonly processes: Sourced<number> | undefined;
      readonly tmp: Sourced<string> | undefined;
    };
    readonly fly: {
      readonly app: Sourced<string> | undefined;
      readonly region: Sourced<string>;
      readonly ignore: readonly Sourced<string>[];
      readonly persist: Sourced<"tmux" | "none">;
      readonly cpus: Sourced<number> | undefined;
      readonly memory: Sourced<string> | undefined;
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
