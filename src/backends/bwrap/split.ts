import type { BuildStep, ImagePlan } from "../../core/types.ts";
import { shellWord } from "../../core/text/quote.ts";

/** Separator of the commands in the steps of the tools (`tools/npm.ts`, `tools/vibe.ts`). */
const JOINT = " \\\n && ";

/** Matches a command that fetches packages. */
const FETCHES = /^(npm install |"\$SILO_TOOLS\/[\w-]+\/bin\/pip" install )/;
/** Matches the packages whose install scripts may run. */
const ALLOWED = /--allow-scripts=(\S+)/;

/**
 * Variables for a fetch that runs no code of packages: npm runs no scripts (config of npm 6 to 12), and pip installs only
 * wheels (`--only-binary`), because a source package runs code to build its metadata.
 */
export const FETCH_ENV = {
  NPM_CONFIG_IGNORE_SCRIPTS: "true",
  PIP_ONLY_BINARY: ":all:",
} as const;

/** The steps of a build, which run in two sandboxes. */
export type Split = {
  /** Downloads, with the user's credentials for the registries; no code of packages runs. */
  readonly fetch: readonly BuildStep[];
  /** Install scripts, checks and hooks, without credentials. */
  readonly rest: readonly BuildStep[];
};

/**
 * Splits the steps of a build so that no code of packages can read the credentials. A step that fetches nothing, such as
 * hooks, is not split and runs without credentials.
 */
export function split({ steps }: Pick<ImagePlan, "steps">): Split {
  const fetch: BuildStep[] = [];
  const rest: BuildStep[] = [];
  for (const step of steps) {
    const commands = step.run.split(JOINT);
    const last = commands.findLastIndex((command) => FETCHES.test(command));
    if (last < 0) {
      rest.push(step);
      continue;
    }
    const fetching = commands.slice(0, last + 1);
    const scripts = fetching.flatMap((command) => ALLOWED.exec(command)?.[1]?.split(",") ?? []);
    fetch.push({ about: step.about.replace(/^install /, "fetch "), run: fetching.join(JOINT) });
    const run = [...installScripts(scripts), ...commands.slice(last + 1)].join(JOINT);
    rest.push({ about: step.about, run });
  }
  return { fetch, rest };
}

/**
 * Node program that runs the install scripts of the named packages as npm does (docs.npmjs.com/cli/using-npm/scripts),
 * wherever they are installed below a directory: the deepest first, because they are dependencies.
 */
const SCRIPTS = `const { existsSync, readdirSync, readFileSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
const [tools, ...names] = process.argv.slice(process.argv.indexOf(process.env.SILO_TOOLS));
const found = [];
const look = (folder) => {
  const list = existsSync(folder) ? readdirSync(folder).filter((name) => name !== ".bin") : [];
  for (const name of list) {
    const scoped = name.startsWith("@") ? readdirSync(folder + "/" + name).map((inner) => name + "/" + inner) : [name];
    for (const one of scoped) {
      const place = folder + "/" + one;
      look(place + "/node_modules");
      if (names.includes(one) && existsSync(place + "/package.json")) found.push([one, place]);
    }
  }
};
for (const root of ["lib/node_modules", "install/global/node_modules"]) look(tools + "/" + root);
const works = ([name, place]) => {
  const { scripts = {}, version } = JSON.parse(readFileSync(place + "/package.json", "utf8"));
  const above = place.replace(/\\/node_modules\\/(@[^/]+\\/)?[^/]+$/, "");
  const bins = [place, above].map((at) => at + "/node_modules/.bin");
  const env = { ...process.env, PATH: [...bins, process.env.PATH].join(":"), INIT_CWD: place };
  return ["preinstall", "install", "postinstall"].every((event) => {
    if (typeof scripts[event] !== "string") return true;
    Object.assign(env, { npm_lifecycle_event: event, npm_package_name: name, npm_package_version: version });
    const { status } = spawnSync("sh", ["-c", scripts[event]], { cwd: place, env, stdio: "inherit" });
    if (status !== 0) console.error(name + ": its script " + event + " ended with " + status);
    return status === 0;
  });
};
if (!found.every(works)) process.exitCode = 1;`;

function installScripts(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  return [["node", "-e", shellWord(SCRIPTS), '"$SILO_TOOLS"', ...names.map(shellWord)].join(" ")];
}
