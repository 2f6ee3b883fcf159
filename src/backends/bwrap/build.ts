import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Cmd, ImagePlan } from "../../core/types.ts";
import { SiloError } from "../../errors.ts";
import type { BuildOptions } from "../backend.ts";
import { followBuild } from "../build-log.ts";
import { baseEnv, buildArgs, SHIMS, TOOLS, type HostView, type Prefix } from "./args.ts";
import { hasNode, seesNode } from "./host.ts";

/** Where the prefix of an image lies; its name says what went in. */
export function prefixRoot(cache: string, tag: string): string {
  return `${cache}/silo/bwrap/${tag.replace(":", "-")}`;
}

/** The prefix of an image, as it was built. */
export function builtPrefix(cache: string, tag: string): Prefix {
  const root = prefixRoot(cache, tag);
  const own = readFileSync(`${root}/runtime`, "utf8") !== "";
  return { root, runtime: own ? process.execPath : undefined };
}

/** Whether an image is there and still of use: one that was built with the host's node needs it. */
export function isBuilt(cache: string, tag: string): boolean {
  if (!existsSync(prefixRoot(cache, tag))) return false;
  return builtPrefix(cache, tag).runtime !== undefined || seesNode();
}

/** Which of the user's settings an installation needs: the registry, and how to reach it. */
const PASSED =
  /^(npm_config_.*|NPM_CONFIG_.*|BUN_CONFIG_.*|PIP_.*|UV_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(HTTPS?|NO)_PROXY|https?_proxy|no_proxy)$/;
/** npm's own words for its prefix would lead out of the sandbox. */
const KEPT_OUT = /^npm_config_(prefix|globalconfig|userconfig|cache|local_prefix|global_prefix)$/i;

function installEnv(): Record<string, string> {
  const passed = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && PASSED.test(name) && !KEPT_OUT.test(name),
  );
  return Object.fromEntries(passed) as Record<string, string>;
}

/** Files of the user and the system that such settings name. */
function settingFiles(home: string, env: Readonly<Record<string, string>>): readonly string[] {
  const named = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT", "SSL_CERT_DIR"]
    .map((name) => env[name] ?? "")
    .filter(
      (path) => path.startsWith("/") && !path.startsWith("/usr/") && !path.startsWith("/etc/"),
    );
  return [
    `${home}/.npmrc`,
    `${home}/.bunfig.toml`,
    `${home}/.config/pip`,
    "/etc/npmrc",
    "/etc/pip.conf",
    ...named,
  ];
}

/** Every step says its number first, as a builder does, and the first that fails ends the build. */
export function buildScript({ steps }: Pick<ImagePlan, "steps">): string {
  const lines = steps.flatMap(({ about, run }, i) => [
    `echo 'STEP ${i + 1}/${steps.length}: ${about.replaceAll("'", "")}'`,
    // In a shell of its own, as every step of a Dockerfile is.
    `bash -o pipefail -ec ${quoted(run)} || exit`,
  ]);
  return lines.join("\n");
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The command that builds a prefix in a folder. */
export function buildCommand(image: ImagePlan, view: HostView, prefix: Prefix): Cmd {
  const { HOME: home = "", USER: user = "" } = image.buildArgs;
  const env = installEnv();
  return {
    bin: view.bwrap,
    args: buildArgs(view, prefix, home, settingFiles(home, env), buildScript(image)),
    env: { ...env, ...image.buildArgs, ...baseEnv(home, user) },
    bare: true,
  };
}

/**
 * Builds a prefix in a folder of its own and puts it in place whole: one that is there is complete.
 * @throws Cancelled when interrupted, SiloError with the last 20 lines where a step fails.
 */
export async function buildImage(
  image: ImagePlan,
  view: HostView,
  cache: string,
  options: BuildOptions,
): Promise<void> {
  const place = prefixRoot(cache, image.tag);
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  const root = await mkdtemp(`${place}.building-`);
  try {
    const runtime = (await hasNode()) ? undefined : process.execPath;
    await lay(root, image, runtime);
    const { code, tail } = await followBuild(buildCommand(image, view, { root, runtime }), options);
    if (code !== 0) throw buildError(image, tail);
    if (existsSync(place)) await rename(place, `${root}.old`);
    await rename(root, place);
  } finally {
    await Promise.all([discard(root), discard(`${root}.old`)]);
  }
}

/** Deletes a tree, also where a package has made directories that cannot be written. */
export async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {});
}

/** The folders, the accounts that the sandbox knows, and what stands in for a missing node. */
async function lay(root: string, image: ImagePlan, runtime: string | undefined): Promise<void> {
  const { USER: user = "silo", UID: uid = "0", GID: gid = "0", HOME: home = "/" } = image.buildArgs;
  for (const part of ["etc", "home", "tools/bin"])
    await mkdir(`${root}/${part}`, { recursive: true });
  const accounts = [
    `${user}:x:${uid}:${gid}::${home}:/bin/bash`,
    "nobody:x:65534:65534::/:/bin/false",
  ];
  await writeFile(`${root}/etc/passwd`, `${accounts.join("\n")}\n`);
  await writeFile(`${root}/etc/group`, `${user}:x:${gid}:\nnogroup:x:65534:\n`);
  await writeFile(`${root}/runtime`, runtime === undefined ? "" : "own");
  if (runtime === undefined) return;
  for (const [name, script] of Object.entries(SHIMS)) {
    await writeFile(`${root}/tools/bin/${name}`, script);
    await chmod(`${root}/tools/bin/${name}`, 0o755);
  }
}

function buildError(image: ImagePlan, tail: readonly string[]): SiloError {
  if (tail.some((line) => /^bwrap: .*(namespace|Operation not permitted)/.test(line))) {
    return new SiloError("this machine does not let bwrap make namespaces", {
      hint: "sudo sysctl kernel.unprivileged_userns_clone=1   # or kernel.apparmor_restrict_unprivileged_userns=0",
      detail: tail,
    });
  }
  return new SiloError(`building ${image.tag} failed`, {
    hint: "silo <tool> --force-build -v   # shows the whole log",
    detail: tail.length === 0 ? [`the tools would be in ${TOOLS}`] : tail,
  });
}
