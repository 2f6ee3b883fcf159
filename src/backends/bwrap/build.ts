import { chmod, mkdir, mkdtemp, rename, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { BuildStep, ImagePlan } from "../../core/types.ts";
import { shellWord } from "../../core/text/quote.ts";
import type { Cmd } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import type { BuildOptions } from "../backend.ts";
import { followBuild } from "../engine/build-log.ts";
import { buildArgs, TOOLS, type HostView, type Prefix } from "./args.ts";
import {
  buildHost,
  certificates,
  fetchEnv,
  scriptEnv,
  settingFiles,
  type BuildHost,
} from "./build-env.ts";
import { featuresFor, made, note, prefixRoot } from "./features.ts";
import { hasNode, seesNode } from "./host.ts";
import { baseEnv, SHIMS } from "./inside-env.ts";
import { launchCommand, launchError } from "./launch.ts";
import { DEFAULT_PROCESSES } from "../engine/limits.ts";
import { FETCH_ENV, split } from "./split.ts";
import { discard, sweepBuilds } from "./sweep.ts";

/**
 * Returns the built prefix of an image, with the features of the host's bwrap.
 * @throws SiloError if the prefix was removed meanwhile.
 */
export async function builtPrefix(
  view: HostView,
  uid: number,
  cache: string,
  { tag, tool }: Pick<ImagePlan, "tag" | "tool">,
): Promise<Prefix> {
  const root = prefixRoot(cache, tag);
  const known = made(root);
  if (known === undefined)
    throw new SiloError(`the image ${tag} was removed while silo started`, {
      hint: `silo ${tool}   # builds it again`,
    });
  const runtime = known.ownRuntime ? process.execPath : undefined;
  return { root, runtime, features: await featuresFor(view, uid, root, known) };
}

/** Whether an image exists and is usable. An image that was built with the host's node requires that node. */
export function isBuilt(cache: string, tag: string): boolean {
  const known = made(prefixRoot(cache, tag));
  return known !== undefined && (known.ownRuntime || seesNode());
}

/** The script of a build. Each step first prints its number in the form of podman's builder; the first failure ends the build. */
export function buildScript(steps: readonly BuildStep[], before: number, total: number): string {
  const lines = steps.flatMap(({ about, run }, i) => [
    `echo 'STEP ${before + i + 1}/${total}: ${about.replaceAll("'", "")}'`,
    // Each step runs in its own shell, as in a Dockerfile.
    `bash -o pipefail -ec ${shellWord(run)} || exit`,
  ]);
  // The same process limit as in a run, and no core dumps.
  return [`ulimit -u ${DEFAULT_PROCESSES} -c 0`, ...lines].join("\n");
}

/**
 * The two commands that build a prefix. `fetch` has the user's credentials for the registries and runs no code of
 * packages; `rest` has no credentials.
 */
export function buildCommands(
  image: ImagePlan,
  view: HostView,
  prefix: Prefix,
  host: BuildHost = buildHost(image.buildArgs["HOME"] ?? ""),
): { readonly fetch: Cmd; readonly rest: Cmd } {
  const { HOME: home = "", USER: user = "", UID: uid = "0", GID: gid = "0" } = image.buildArgs;
  const inhabitant = { uid: Number(uid), gid: Number(gid), home };
  const { fetch, rest } = split(image);
  const total = fetch.length + rest.length;
  const command = (
    script: string,
    files: readonly string[],
    env: Readonly<Record<string, string>>,
  ) =>
    launchCommand(view, inhabitant.uid, {
      args: buildArgs(view, prefix, inhabitant, [...files, ...certificates(env)], script),
      inside: { ...env, ...image.buildArgs, ...baseEnv(home, user) },
      name: `build-${host.pid}`,
      features: prefix.features,
      workdir: "/",
      tty: false,
      ignoreSigint: false,
      memory: undefined,
    });
  return {
    fetch: command(buildScript(fetch, 0, total), host.files, {
      ...fetchEnv(host.env),
      ...FETCH_ENV,
    }),
    rest: command(buildScript(rest, fetch.length, total), [], scriptEnv(host.env)),
  };
}

/**
 * Builds a prefix in a temporary directory and renames it into place, so that an existing prefix is always complete. The
 * caller holds the build lock of the image.
 * @throws Cancelled when interrupted, SiloError with the last 20 lines if a step fails.
 */
export async function buildImage(
  image: ImagePlan,
  view: HostView,
  cache: string,
  options: BuildOptions,
): Promise<void> {
  const place = prefixRoot(cache, image.tag);
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  await sweepBuilds(place);
  const root = await mkdtemp(`${place}.building-`);
  try {
    const runtime = (await hasNode()) ? undefined : process.execPath;
    await writeSkeleton(root, image, runtime);
    const uid = Number(image.buildArgs["UID"] ?? "0");
    const features = await note(view, uid, root, runtime !== undefined);
    const { fetch, rest } = buildCommands(image, view, { root, runtime, features });
    await step(image, fetch, options);
    await forgetSettings(root, image);
    await step(image, rest, options);
    if (existsSync(place)) await rename(place, `${root}.old`);
    await rename(root, place);
  } finally {
    await Promise.all([discard(root), discard(`${root}.old`)]);
  }
}

async function step(image: ImagePlan, command: Cmd, options: BuildOptions): Promise<void> {
  const { code, tail } = await followBuild(command, options);
  if (code !== 0) throw buildError(image, tail);
}

/** Deletes the empty files that bwrap created as mount points for the user's settings. */
async function forgetSettings(root: string, { buildArgs: { HOME: home = "" } }: ImagePlan) {
  const places = settingFiles(home).filter((path) => path.startsWith(`${home}/`));
  await Promise.all(places.map((path) => discard(`${root}/home/${path.slice(home.length + 1)}`)));
}

/** Writes the directories of a prefix, its passwd and group files, and the replacements for a missing node and npm. */
async function writeSkeleton(
  root: string,
  image: ImagePlan,
  runtime: string | undefined,
): Promise<void> {
  const { USER: user = "silo", UID: uid = "0", GID: gid = "0", HOME: home = "/" } = image.buildArgs;
  for (const part of ["etc", "home", "tools/bin"])
    await mkdir(`${root}/${part}`, { recursive: true });
  const accounts = [
    `${user}:x:${uid}:${gid}::${home}:/bin/bash`,
    "nobody:x:65534:65534::/:/bin/false",
  ];
  await writeFile(`${root}/etc/passwd`, `${accounts.join("\n")}\n`);
  await writeFile(`${root}/etc/group`, `${user}:x:${gid}:\nnogroup:x:65534:\n`);
  if (runtime === undefined) return;
  for (const [name, script] of Object.entries(SHIMS)) {
    await writeFile(`${root}/tools/bin/${name}`, script);
    await chmod(`${root}/tools/bin/${name}`, 0o755);
  }
}

function buildError(image: ImagePlan, tail: readonly string[]): SiloError {
  const own = launchError(tail);
  if (own !== undefined) return own;
  if (tail.some((line) => /^bwrap: .*(namespace|Operation not permitted)/.test(line))) {
    return new SiloError("bwrap cannot create a user namespace", {
      hint: "sudo sysctl kernel.unprivileged_userns_clone=1   # or kernel.apparmor_restrict_unprivileged_userns=0",
      detail: tail,
    });
  }
  return new SiloError(`building ${image.tag} failed`, {
    hint: `silo ${image.tool} --force-build -v   # shows the whole log`,
    detail: tail.length === 0 ? [`the tools would be in ${TOOLS}`] : tail,
  });
}
