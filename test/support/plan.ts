import { mergeConfig } from "../../src/config/merge.ts";
import type { FileConfig } from "../../src/config/schema.ts";
import { planRun, requestedPaths, type Request } from "../../src/core/plan.ts";
import type { HostFacts, PathFact, RunPlan } from "../../src/core/types.ts";
import { TOOLS } from "../../src/tools/index.ts";
import type { Tool } from "../../src/core/tool.ts";

/** A fixed host, the same on every machine. */
export const HOST: HostFacts = {
  platform: "linux",
  home: "/home/ada",
  user: "ada",
  uid: 1000,
  gid: 1000,
  cwd: "/home/ada/src/app",
  logicalCwd: "/home/ada/src/app",
  cwdOwner: 1000,
  env: {
    TERM: "xterm-256color",
    COLORTERM: "truecolor",
    OPENAI_API_KEY: "s3cret",
    MISTRAL_API_KEY: "s3cret",
  },
  stdinTty: true,
  stdoutTty: true,
  bootId: "b00t",
  git: {
    identity: { GIT_AUTHOR_NAME: "Ada", GIT_AUTHOR_EMAIL: "ada@example.org" },
    remotes: ["git@github.com:acme/app.git"],
    commonDirs: ["/home/ada/src/main/.git"],
  },
};

export type Setting = {
  readonly host?: Partial<HostFacts>;
  readonly config?: FileConfig;
  readonly args?: readonly string[];
  readonly keep?: boolean;
  readonly layer?: string;
  /** Paths that do not exist. All others are directories, or files if they end in .json. */
  readonly missing?: readonly string[];
  /** Facts that override these for some paths. */
  readonly facts?: Readonly<Record<string, PathFact>>;
};

/** Plans a run of a tool on that host. */
export function planOf(tool: Tool, setting: Setting = {}): RunPlan {
  const files =
    setting.config === undefined
      ? []
      : [{ path: "/home/ada/.config/silo/silo.jsonc", config: setting.config }];
  const host = { ...HOST, ...setting.host };
  const request: Request = {
    config: mergeConfig(files, {}),
    host,
    tool,
    args: setting.args ?? [],
    // Not the tools' own versions, so that an update does not change the expected results.
    versions: Object.fromEntries(TOOLS.map(({ name }) => [name, "1.2.3"])),
    name: undefined,
    keep: setting.keep ?? false,
    layer: setting.layer ?? "",
  };
  const fact = (path: string): PathFact => {
    const given = setting.facts?.[path];
    if (given !== undefined) return given;
    if (setting.missing?.includes(path) === true) return { kind: "missing", real: path };
    return { kind: path.endsWith(".json") ? "file" : "dir", real: path };
  };
  return planRun(
    request,
    Object.fromEntries(requestedPaths(request).map((path) => [path, fact(path)])),
  );
}
