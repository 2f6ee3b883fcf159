import template from "../../Dockerfile.template" with { type: "text" };
import type { InstallStep } from "./tool.ts";
import { hookScript } from "./guest/script.ts";
import { TOOLCHAINS, type Toolchain } from "./types.ts";

/** The inputs of a Dockerfile. */
export type Recipe = {
  readonly base: string;
  readonly toolchains: readonly Toolchain[];
  readonly install: readonly InstallStep[];
  /** Build arguments of the tool's stage: the versions. */
  readonly versionArgs: readonly string[];
  readonly globalHooks: readonly string[];
  readonly toolHooks: readonly string[];
  /** Directories created last, as the user, so that no parent of a mount belongs to root. */
  readonly directories: readonly string[];
  /** The backend's own lines, last. */
  readonly layer: string;
};

type Section = "base" | "user" | "tool" | Toolchain;

function sections(): ReadonlyMap<string, string> {
  const parts = template.split(/^#: (\w+)\n/m).slice(1);
  const pairs = parts.flatMap((part, i) =>
    i % 2 === 0 ? [[part, parts[i + 1] ?? ""] as const] : [],
  );
  return new Map(pairs);
}

/** A RUN instruction in JSON form, in which no character of the script has a meaning in Dockerfile syntax. */
function runBash(script: string): string {
  return `RUN ${JSON.stringify(["/bin/bash", "-c", script])}\n`;
}

function hooks(list: readonly string[]): string {
  return list.length === 0 ? "" : runBash(hookScript("post_build_hooks", list, ""));
}

function installSteps(steps: readonly InstallStep[]): string {
  let user: InstallStep["as"] = "user";
  let text = "";
  for (const { as, run } of [...steps, { as: "user", run: "" } satisfies InstallStep]) {
    if (as !== user) text += as === "root" ? "USER 0:0\n" : "USER $UID:$GID\n";
    user = as;
    if (run !== "") text += `RUN ${run}\n`;
  }
  return text;
}

/** Renders one tool's Dockerfile. Leaves out unneeded stages, because the legacy builder runs all above the target. */
export function renderDockerfile(recipe: Recipe): string {
  const known = sections();
  const section = (name: Section) => known.get(name) ?? "";
  const { directories } = recipe;
  return [
    section("base").replace("{{base}}", () => recipe.base),
    ...TOOLCHAINS.filter((name) => recipe.toolchains.includes(name)).map(section),
    section("user"),
    hooks(recipe.globalHooks),
    section("tool"),
    // Arguments must be declared again in each stage.
    "ARG UID\nARG GID\n",
    ...recipe.versionArgs.map((name) => `ARG ${name}\n`),
    installSteps(recipe.install),
    hooks(recipe.toolHooks),
    directories.length === 0
      ? ""
      : `RUN ${JSON.stringify(["mkdir", "-p", "--", ...directories])}\n`,
    recipe.layer,
  ].join("");
}
