import { environmentVariables } from "../../core/git/config-env.ts";
import { gitBoolean, isOn, parseGitConfig, type GitVariable } from "../../core/git/config.ts";
import type { Budget } from "../../core/git/glob.ts";
import { includedFile, type IncludeFacts } from "../../core/git/include.ts";
import { remoteUrls } from "../../core/git/remotes.ts";
import { pathFrom, peekText, realPathOf } from "../files/peek.ts";
import { currentBranch, type Repository } from "./repository.ts";

/** The inputs that decide which configuration files git reads. */
export type GitConfigContext = {
  readonly cwd: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly repository: Repository | undefined;
};

/** Depth limit of includes, as in git. */
const DEEPEST = 10;
/** Work limit for one configuration, far above real ones and below a second; the rest is left out. */
export const MOST_STEPS = 3_000_000;

type Parsed = { readonly variables: readonly GitVariable[]; readonly characters: number };

type Loading = {
  readonly facts: IncludeFacts;
  readonly budget: Budget;
  /** Parsed files by path, so that each is read and parsed once. */
  readonly parsed: Map<string, Parsed>;
};

/**
 * All of git's configuration that applies here, in order of precedence: system, global, repository,
 * worktree, environment, each with its includes (git-config(1), "FILES" and "Includes").
 */
export function loadGitConfig(place: GitConfigContext, steps = MOST_STEPS): readonly GitVariable[] {
  const parsed = new Map<string, Parsed>();
  const facts = includeFacts(place);
  const paths = configFiles(place);
  const load = (urls: IncludeFacts["urls"]) => {
    const loading: Loading = { facts: { ...facts, urls }, budget: { steps }, parsed };
    const files = paths.flatMap((path) => expandFile(path, loading, 0));
    return [...files, ...expand(environmentVariables(place.env), undefined, loading, 0)];
  };
  let urls: readonly string[] | undefined;
  // Files included by a condition on addresses may not add addresses, so the scan for addresses skips them.
  return load(() => (urls ??= remoteUrls(load(() => []))));
}

function configFiles({ cwd, home, env, repository }: GitConfigContext): readonly string[] {
  const own = (path: string) => pathFrom(cwd, path);
  const noSystem = gitBoolean(env["GIT_CONFIG_NOSYSTEM"] ?? "");
  const system = env["GIT_CONFIG_SYSTEM"];
  const global = env["GIT_CONFIG_GLOBAL"];
  const xdg = env["XDG_CONFIG_HOME"] || `${home}/.config`;
  return [
    ...(noSystem ? [] : system === undefined ? systemFiles() : [own(system)]),
    ...(global === undefined ? [own(`${xdg}/git/config`), `${home}/.gitconfig`] : [own(global)]),
    ...(repository === undefined ? [] : repositoryFiles(repository)),
  ];
}

/** The system files. The path is compiled into git; on macOS Homebrew's differs from Apple's. */
function systemFiles(): readonly string[] {
  const homebrew = ["/usr/local/etc/gitconfig", "/opt/homebrew/etc/gitconfig"];
  return ["/etc/gitconfig", ...(process.platform === "darwin" ? homebrew : [])];
}

function repositoryFiles({ gitDir, commonDir }: Repository): readonly string[] {
  const shared = `${commonDir}/config`;
  // Git reads this setting from the file itself, not from its includes.
  const perWorktree = isOn(parseGitConfig(peekText(shared) ?? ""), "extensions.worktreeconfig");
  return perWorktree ? [shared, `${gitDir}/config.worktree`] : [shared];
}

function expandFile(path: string, loading: Loading, depth: number): readonly GitVariable[] {
  const { budget, parsed } = loading;
  if (depth > DEEPEST || budget.steps < 0) return [];
  const known = parsed.get(path) ?? parseFile(path);
  parsed.set(path, known);
  // Each include of a file costs its length.
  budget.steps -= known.characters;
  return expand(known.variables, path, loading, depth);
}

function parseFile(path: string): Parsed {
  const text = peekText(path) ?? "";
  return { variables: parseGitConfig(text), characters: text.length };
}

/** The settings, with those of included files after each include. */
function expand(
  variables: readonly GitVariable[],
  file: string | undefined,
  loading: Loading,
  depth: number,
): readonly GitVariable[] {
  return variables.flatMap((variable) => {
    const path = includedFile(variable, file, loading.facts, loading.budget);
    return path === undefined ? [variable] : [variable, ...expandFile(path, loading, depth + 1)];
  });
}

function includeFacts({
  cwd,
  home,
  env,
  repository,
}: GitConfigContext): Omit<IncludeFacts, "urls"> {
  return {
    home,
    realHome: realPathOf(home) ?? home,
    gitDirs: repository === undefined ? [] : gitDirectoryNames(repository, cwd, env["PWD"]),
    branch: repository && currentBranch(repository.gitDir),
    realPath: realPathOf,
  };
}

/** The git directory with links resolved, and as the shell names it. */
function gitDirectoryNames(
  { gitDir, dotGit }: Repository,
  cwd: string,
  shell: string | undefined,
): readonly string[] {
  if (dotGit === undefined) return [gitDir];
  const atTop = dotGit === `${cwd}/.git` && shell?.startsWith("/") === true;
  return [gitDir, atTop && realPathOf(shell) === cwd ? `${shell}/.git` : dotGit];
}
