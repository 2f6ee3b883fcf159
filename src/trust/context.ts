import { dirname } from "node:path";
import type { Sourced } from "../core/config.ts";
import { absolutePath, within, xdgDirectories } from "../core/paths.ts";
import { resolveLinks } from "../sys/files/links.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";
import type { RealPaths } from "./record.ts";
import type { RequestContext } from "./requests.ts";
import type { TrustStore } from "./store.ts";

export function trustStore({ home, env, cwd }: HostEnvironment): TrustStore {
  return { state: xdgDirectories(home, env).state, home, cwd };
}

/** The context of permission requests. With `cwd`, mounts inside it need no approval. Each path is resolved once. */
export function requestContext(
  { home, env }: HostEnvironment,
  cwd?: string,
  approved?: RealPaths,
): RequestContext {
  const known = new Map<string, string | undefined>();
  const real = (path: string) => {
    if (!known.has(path)) known.set(path, resolveLinks(path));
    return known.get(path);
  };
  return { home, env, cwd, real, ...(approved === undefined ? {} : { approved }) };
}

/** Whether `SILO_TRUST=1` trusts everything for this run; nothing is recorded. */
export function trustsAll({ env }: HostEnvironment): boolean {
  return env["SILO_TRUST"] === "1";
}

/** Whether a directory is inside one of `trusted_paths` of the global file. */
export function isTrusted(
  directory: string,
  trusted: readonly Sourced<string>[],
  home: string,
): boolean {
  return trusted.some(({ value, from }) => {
    const path = absolutePath(value, dirname(from), home);
    return within(resolveLinks(path) ?? path, directory);
  });
}
