import { dirname } from "node:path";
import type { Config, Layer } from "./config.ts";
import type { Tool, ToolFacts } from "./tool.ts";
import { cacheDirectories, cacheKey, planCaches } from "./caches.ts";
import { identityEnv, mergeEnv, terminalEnv, withQuietPerl, writtenEnv } from "./env.ts";
import { guestCommand } from "./guest/script.ts";
import { planImage } from "./image.ts";
import { planMounts, toolPath, type MountRequest, type PathFacts } from "./mounts.ts";
import { projectName } from "./naming.ts";
import { protect, siloPaths } from "./protected-paths.ts";
import { directoriesBetween, displayPath, mountPath, within, xdgDirectories } from "./paths.ts";
import { mergePorts, parsePort } from "./ports.ts";
import { matchingRepos } from "./repos.ts";
import { sensitive } from "./sensitive.ts";
import type { HostFacts, Port, RunPlan, SensitiveMount } from "./types.ts";

/** The inputs of a plan, before the requested paths are examined. */
export type Request = {
  readonly config: Config;
  readonly host: HostFacts;
  readonly tool: Tool;
  /** The user's arguments to the tool. */
  readonly args: readonly string[];
  /** Version by tool name: the one to install, and those it bundles. */
  readonly versions: Readonly<Record<string, string>>;
  /** `--name`. */
  readonly name: string | undefined;
  /** `--keep`. */
  readonly keep: boolean;
  /** The backend's own lines of the Dockerfile. */
  readonly layer: string;
};

/** A layer of the configuration; in a conflict the higher level wins. */
type Ranked = { readonly layer: Layer; readonly level: number };

/** The layers that apply here, in order: the tool's, the global one, the repositories' (shortest pattern first). */
function layersOf({ config, host, tool }: Request): readonly Ranked[] {
  const own = Object.entries(config.tools).find(([name]) => name === tool.name)?.[1];
  const repos = matchingRepos(Object.keys(config.repos), host.git.remotes);
  return [
    ...(own === undefined ? [] : [{ layer: own, level: 2 }]),
    { layer: config, level: 1 },
    ...repos.flatMap((pattern, i) => {
      const layer = config.repos[pattern];
      return layer === undefined ? [] : [{ layer, level: 3 + i }];
    }),
  ];
}

/** Rank of a setting: its level, then the file nearest to the working directory; the global file comes last. */
function rank(level: number, from: string, cwd: string): number {
  const directory = dirname(from);
  return level * 10_000 + (within(directory, cwd) ? directory.length : 0);
}

function mountRequests(request: Request): readonly MountRequest[] {
  const { host, tool } = request;
  const xdg = xdgDirectories(host.home, host.env);
  const fixed = (path: string, from: string, missing: MountRequest["missing"], mode: "rw" | "ro") =>
    ({ path, mode, from, rank: 0, missing }) satisfies MountRequest;
  const own = (written: string) => toolPath(written, host.home, xdg);
  const configured = layersOf(request).flatMap(({ layer, level }) =>
    (["ro", "rw"] as const).flatMap((mode) =>
      layer[`mounts_${mode}`].map(({ value, from }) => ({
        path: mountPath(value, dirname(from), host.home),
        mode,
        from,
        rank: rank(level, from, host.cwd),
        missing: "warn" as const,
      })),
    ),
  );
  return [
    fixed(host.logicalCwd, "project", "skip", "rw"),
    ...host.git.commonDirs.map((path) => fixed(path, "git", "skip", "rw")),
    ...tool.mounts.rw.map((written) => fixed(own(written), "tool", "create", "rw")),
    ...tool.mounts.ro.map((written) => fixed(own(written), "tool", "skip", "ro")),
    ...configured,
  ];
}

function probePaths({ host, tool }: Request): readonly string[] {
  const xdg = xdgDirectories(host.home, host.env);
  return tool.hostPaths.map((written) => toolPath(written, host.home, xdg));
}

/** Every host path whose facts `planRun` needs. */
export function requestedPaths(request: Request): readonly string[] {
  const { home, env } = request.host;
  const mounted = mountRequests(request).map(({ path }) => path);
  return [...new Set([...mounted, ...probePaths(request), ...siloPaths(home, env)])];
}

function toolFacts({ host }: Request, paths: PathFacts): ToolFacts {
  return {
    home: host.home,
    uid: host.uid,
    xdg: xdgDirectories(host.home, host.env),
    env: host.env,
    exists: (path) => (paths[path]?.kind ?? "missing") !== "missing",
  };
}

/** Parents of mount targets below the home directory. The image needs them, because an engine would create them as root. */
function mountParents(request: Request): readonly string[] {
  const { home, cwd } = request.host;
  const targets = mountRequests(request)
    .filter(({ from }) => from !== "project" && from !== "git")
    .map(({ path }) => path)
    .filter((path) => within(home, path) && !(within(cwd, path) && cwd !== home));
  return [...new Set(targets.flatMap((path) => directoriesBetween(home, path)))].toSorted();
}

function ports({ tool }: Request, layers: readonly Ranked[]): readonly Port[] {
  const own = tool.ports.map(({ host, guest }) => ({
    hostIp: "127.0.0.1",
    host,
    guest,
    protocol: "tcp" as const,
    optional: true,
  }));
  const written = layers.flatMap(({ layer }) => layer.ports);
  return mergePorts(
    own,
    written.map(({ value, from }) => parsePort(value, from)),
  );
}

/**
 * Sensitive mounts that need a confirmation. A leading `!` in the global file confirms one; a project's file is approved
 * as a whole, including its mounts by their real paths.
 */
function sensitiveMounts(request: Request, paths: PathFacts): readonly SensitiveMount[] {
  const { home, cwd, env } = request.host;
  const own = `${xdgDirectories(home, env).config}/silo/silo.jsonc`;
  const asked = layersOf(request)
    .flatMap(({ layer }) => [...layer.mounts_ro, ...layer.mounts_rw])
    .filter(({ value, from }) => from === own && !value.startsWith("!"))
    .map(({ value, from }) => ({ path: mountPath(value, dirname(from), home), from }));
  // A whole home directory is confirmed separately.
  const here = within(cwd, home) ? [] : [{ path: cwd, from: "project" }];
  const found = [...here, ...asked].flatMap(({ path, from }) => {
    const real = paths[path]?.real ?? path;
    const holds = sensitive(path, home, env) ?? sensitive(real, home, env);
    const there = path === cwd || (paths[path]?.kind ?? "missing") !== "missing";
    return holds === undefined || !there ? [] : [{ path, holds, from }];
  });
  return [...new Map(found.map((one) => [one.path, one])).values()];
}

function warnings({ host }: Request): readonly string[] {
  // Without capabilities root is subject to permission bits like other users.
  if (host.uid !== 0 || host.cwdOwner === 0) return [];
  return [
    `${displayPath(host.cwd, host.home)} belongs to user ${host.cwdOwner}, but silo runs as root, ` +
      "which cannot write other users' files in the sandbox; run silo as that user",
  ];
}

/** Plans a run. Pure, so that `--dry-run`, tests and real runs share one value. */
export function planRun(request: Request, paths: PathFacts): RunPlan {
  const { config, host, tool, args, versions } = request;
  const layers = layersOf(request);
  const texts = (
    key: "caches" | "env" | "pre_run_hooks" | "post_build_hooks",
    from: readonly Ranked[],
  ) => from.flatMap(({ layer }) => layer[key].map(({ value }) => value));
  const facts = toolFacts(request, paths);
  const asked = planMounts(mountRequests(request), paths, host.home);
  const mounts = protect(asked, siloPaths(host.home, host.env), paths, host.home);
  const cached = texts("caches", layers);
  const key = cacheKey(host.uid, host.cwd);
  const caches = planCaches(cached, { home: host.home, data: facts.xdg.data, key }, mounts.mounts);
  const user = { name: host.user, uid: host.uid, gid: host.gid, home: host.home };
  const tty = host.stdinTty && host.stdoutTty;
  return {
    tool: tool.name,
    project: projectName(host.cwd),
    name: request.name,
    image: planImage({
      tool,
      base: config.image.base.value,
      toolchains: config.image.toolchains.map(({ value }) => value),
      user,
      versions,
      globalHooks: config.post_build_hooks.map(({ value }) => value),
      toolHooks: texts(
        "post_build_hooks",
        layers.filter(({ level }) => level !== 1),
      ),
      mountParents: [
        ...new Set([...mountParents(request), ...cacheDirectories(cached, host.home)]),
      ].toSorted(),
      layer: request.layer,
    }),
    user,
    workdir: host.cwd,
    creations: mounts.creations,
    mounts: mounts.mounts,
    sensitive: sensitiveMounts(request, paths),
    bootId: host.bootId,
    caches: caches.caches,
    env: withQuietPerl(
      mergeEnv(
        terminalEnv(host.env),
        identityEnv(host.git.identity),
        writtenEnv(tool.env(facts), host.env),
        writtenEnv(texts("env", layers), host.env),
      ),
    ),
    ports: ports(request, layers),
    argv: guestCommand(tool.command(args, facts), {
      hooks: texts("pre_run_hooks", layers),
      forwards: tool.ports.flatMap(({ forward }) => (forward === undefined ? [] : [forward])),
      tty,
    }),
    tty,
    keep: request.keep,
    exclusive:
      tool.exclusive === undefined ? undefined : toolPath(tool.exclusive, host.home, facts.xdg),
    warnings: [...warnings(request), ...mounts.warnings, ...caches.warnings],
    tips: tool.tips?.(facts) ?? [],
  };
}

/** Why the tool cannot run here; undefined if it can. Needs no path facts. */
export function refusal(request: Request): { message: string; hint: string } | undefined {
  return request.tool.unsupported?.(toolFacts(request, {}));
}
