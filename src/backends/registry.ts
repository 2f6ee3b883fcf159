import type { Config } from "../core/config.ts";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { BackendName } from "../core/types.ts";
import type { Cmd, Exit } from "../runtime/command.ts";
import { prefetch, type Ask } from "../sys/process/prefetch.ts";
import { capture } from "../sys/process/process.ts";
import type { Backend } from "./backend.ts";
import { SSH_PROXY_COMMAND } from "./fly/ssh-proxy-command.ts";

type Folder = {
  readonly open: (config: Config, ask: Ask) => Backend;
};

/** The backends, loaded on use. A new backend needs a directory and a line here. */
const REGISTRY: { readonly [K in BackendName]: () => Promise<Folder> } = {
  docker: () => import("./docker/index.ts"),
  container: () => import("./container/index.ts"),
  fly: () => import("./fly/index.ts"),
  bwrap: () => import("./bwrap/index.ts"),
};

/** The list queries that can be prefetched, because they do not depend on the configuration. */
const LIST_QUERIES: readonly (() => Promise<{ readonly LIST_QUERY: Cmd }>)[] = [
  () => import("./docker/query.ts"),
  // Apple's command is found on macOS only.
  ...(process.platform === "darwin" ? [() => import("./container/query.ts")] : []),
];

/** Internal subcommands for processes that a backend starts; never typed by users. */
export const INTERNAL: Readonly<
  Record<string, () => Promise<(args: readonly string[]) => Promise<Exit>>>
> = {
  [SSH_PROXY_COMMAND]: async () => (await import("./fly/ssh-proxy.ts")).sshProxy,
};

/** The checks of each backend for `silo doctor`. */
const DOCTORS: {
  readonly [K in BackendName]: () => Promise<{
    diagnose: (config: Config) => Promise<readonly Diagnostic[]>;
  }>;
} = {
  docker: () => import("./docker/doctor.ts"),
  container: () => import("./container/doctor.ts"),
  fly: () => import("./fly/doctor.ts"),
  bwrap: () => import("./bwrap/doctor.ts"),
};

/** Checks a backend's programs and services. @returns the results with fixes. */
export async function diagnose(name: BackendName, config: Config): Promise<readonly Diagnostic[]> {
  return await (await DOCTORS[name]()).diagnose(config);
}

const AVAILABLE = Object.keys(REGISTRY) as readonly BackendName[];

/** The backends whose command is installed; `docker` if none is, for its install hint. */
export function present(has: (bin: string) => boolean): readonly BackendName[] {
  const engines = (name: BackendName) => (name === "docker" ? ["docker", "podman"] : [name]);
  const there = AVAILABLE.filter((name) => engines(name).some(has));
  return there.length === 0 ? ["docker"] : there;
}

/** Starts the list queries, so that they run while other modules load. A missing engine is no error: nothing asks for its list. */
export async function prefetchLists(): Promise<Ask> {
  const modules = await Promise.all(LIST_QUERIES.map((load) => load()));
  return prefetch(modules.map(({ LIST_QUERY }) => LIST_QUERY));
}

/** Deletes files of any backend that killed silo processes left behind. */
export async function sweepLeftovers(): Promise<void> {
  (await import("./engine/env-file.ts")).sweepEnvFiles();
}

/** Opens a backend by name. @param ask runs its queries; some may have been prefetched. */
export async function openBackend(
  name: BackendName,
  config: Config,
  ask: Ask = capture,
): Promise<Backend> {
  return (await REGISTRY[name]()).open(config, ask);
}

/**
 * The requested backend, else the configured one, else auto-detected: `container` if it is installed, else `docker`; on
 * Linux `bwrap` if `docker` is not installed. `fly` is never auto-detected.
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
