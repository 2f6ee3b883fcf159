import type { BackendName } from "../types.ts";
import { BWRAP_SETTINGS } from "./bwrap.ts";
import { CONTAINER_SETTINGS } from "./container.ts";
import { DOCKER_SETTINGS } from "./docker.ts";
import { FLY_SETTINGS } from "./fly.ts";
import type { Settings, Value } from "./setting.ts";

/** The settings of every backend; in the order of the schema. */
export const BACKEND_SETTINGS = {
  docker: DOCKER_SETTINGS,
  container: CONTAINER_SETTINGS,
  bwrap: BWRAP_SETTINGS,
  fly: FLY_SETTINGS,
} as const satisfies Readonly<Record<BackendName, Settings>>;

export type BackendSettings = typeof BACKEND_SETTINGS;

/** `backends` of one file. */
export type FileBackends = {
  readonly [B in keyof BackendSettings]?:
    | { readonly [K in keyof BackendSettings[B]]?: Value<BackendSettings[B][K]> | undefined }
    | undefined;
};
