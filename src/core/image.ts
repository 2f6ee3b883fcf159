import { sha256 } from "../runtime/bun.ts";
import type { Tool } from "./tool.ts";
import { renderDockerfile } from "./dockerfile.ts";
import { hookScript } from "./guest/script.ts";
import type { BuildStep, GuestUser, ImagePlan, Toolchain } from "./types.ts";

/** The inputs of an image. */
export type ImageInput = {
  readonly tool: Tool;
  readonly base: string;
  readonly toolchains: readonly Toolchain[];
  readonly user: GuestUser;
  /** Version by tool name: the tool's own and those it bundles. */
  readonly versions: Readonly<Record<string, string>>;
  readonly globalHooks: readonly string[];
  readonly toolHooks: readonly string[];
  readonly mountParents: readonly string[];
  /** The backend's own lines of the Dockerfile. */
  readonly layer: string;
};

/** The build argument that names a tool's version. */
function versionArg(tool: string): string {
  return `${tool.toUpperCase()}_VERSION`;
}

/** A login name that every system accepts; macOS and directory services know others. */
function loginName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "-")
    .replace(/^[^a-z_]+/, "")
    .slice(0, 32);
  return plain === "" ? "silo" : plain;
}

/** `silo-<tool>:<16 hex>`, a hash of all inputs, so that the same input has the same tag on every machine. */
export function imageTag(
  tool: string,
  dockerfile: string,
  buildArgs: Readonly<Record<string, string>>,
): string {
  const sorted = Object.entries(buildArgs).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = sha256(JSON.stringify([dockerfile, tool, sorted]));
  return `silo-${tool}:${hash.slice(0, 16)}`;
}

/** The Dockerfile's steps that run as the user, for backends without a builder. Steps that run as root need one. */
function buildSteps({ tool, globalHooks, toolHooks }: ImageInput): readonly BuildStep[] {
  const hooks = (list: readonly string[]) =>
    list.length === 0
      ? []
      : [{ about: "post_build_hooks", run: hookScript("post_build_hooks", list, "") }];
  const install = tool.install
    .filter(({ as }) => as === "user")
    .map(({ run }) => ({ about: `install ${tool.title}`, run }));
  return [...hooks(globalHooks), ...install, ...hooks(toolHooks)];
}

/** Plans the image of one tool for one user. */
export function planImage(input: ImageInput): ImagePlan {
  const { tool, user, versions } = input;
  const installed = [...tool.bundles, tool.name];
  const dockerfile = renderDockerfile({
    base: input.base,
    toolchains: input.toolchains,
    install: tool.install,
    versionArgs: installed.map(versionArg),
    globalHooks: input.globalHooks,
    toolHooks: input.toolHooks,
    directories: input.mountParents,
    layer: input.layer,
  });
  const buildArgs = {
    USER: loginName(user.name),
    UID: String(user.uid),
    GID: String(user.gid),
    HOME: user.home,
    ...Object.fromEntries(installed.map((name) => [versionArg(name), versions[name] ?? "latest"])),
  };
  return {
    tool: tool.name,
    tag: imageTag(tool.name, dockerfile, buildArgs),
    dockerfile,
    buildArgs,
    steps: buildSteps(input),
  };
}
