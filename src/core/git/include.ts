import { splitKey, type GitVariable } from "./config.ts";
import { gitGlob, type Budget } from "./glob.ts";

/** What decides which files a configuration includes. */
export type IncludeFacts = {
  readonly home: string;
  /** The home directory with links resolved. */
  readonly realHome: string;
  /** Names of the git directory; none without a repository. */
  readonly gitDirs: readonly string[];
  /** The branch that is checked out. */
  readonly branch: string | undefined;
  /** Addresses of the remotes, asked for only where a condition needs them. */
  readonly urls: () => readonly string[];
  /** A path with links resolved, if it exists. */
  readonly realPath: (path: string) => string | undefined;
};

/** The file that a setting includes, by git-config(1), "Includes"; undefined where it includes none. */
export function includedFile(
  { key, value }: GitVariable,
  /** The file that holds the setting; undefined for the environment. */
  file: string | undefined,
  facts: IncludeFacts,
  budget: Budget,
): string | undefined {
  const { section, subsection, name } = splitKey(key);
  if (name !== "path" || value === undefined) return undefined;
  const applies =
    section === "include"
      ? subsection === undefined
      : section === "includeif" &&
        subsection !== undefined &&
        conditionHolds(subsection, file, facts, budget);
  const path = applies ? expandHome(value, facts.home) : undefined;
  if (path === undefined || path.startsWith("/")) return path;
  // Beside the file by the name under which it was opened; `..` is left for the system to follow.
  return file === undefined ? undefined : `${directoryOf(file)}/${path}`;
}

/** `~` and `~/…`; other users' homes and git's own installation prefix are not known here. */
function expandHome(path: string, home: string): string | undefined {
  if (path === "~" || path.startsWith("~/")) return home + path.slice(1);
  return path.startsWith("~") || path.startsWith("%(prefix)/") ? undefined : path;
}

function directoryOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/"));
}

/** git-config(1), "Conditional includes"; a condition of an unknown kind does not hold. */
function conditionHolds(
  condition: string,
  file: string | undefined,
  facts: IncludeFacts,
  budget: Budget,
): boolean {
  const [, kind = "", pattern = ""] =
    /^(gitdir(?:\/i)?|onbranch|hasconfig:remote\.\*\.url):(.*)$/s.exec(condition) ?? [];
  const matches = (text: string) => gitGlob(wholeDirectory(pattern), text, budget);
  switch (kind) {
    case "gitdir":
    case "gitdir/i":
      return inGitDirectory(pattern, file, facts, budget, kind === "gitdir/i");
    case "onbranch":
      return facts.branch !== undefined && matches(facts.branch);
    case "hasconfig:remote.*.url":
      return facts.urls().some((url) => gitGlob(pattern, url, budget));
    default:
      return false;
  }
}

/** A directory stands for all that it holds. */
function wholeDirectory(pattern: string): string {
  return pattern.endsWith("/") ? `${pattern}**` : pattern;
}

function inGitDirectory(
  written: string,
  file: string | undefined,
  facts: IncludeFacts,
  budget: Budget,
  ignoreCase: boolean,
): boolean {
  const rule = directoryRule(written, file, facts);
  if (rule === undefined) return false;
  const { literal, pattern } = rule;
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  return facts.gitDirs.some(
    (name) =>
      fold(name).startsWith(fold(literal)) &&
      gitGlob(pattern, name.slice(literal.length), budget, ignoreCase),
  );
}

/** What a `gitdir:` pattern means: a part that must be there literally, then a pattern for the rest. */
function directoryRule(
  written: string,
  file: string | undefined,
  { realHome, realPath }: IncludeFacts,
): { literal: string; pattern: string } | undefined {
  const pattern = expandHome(written, realHome) ?? written;
  if (pattern.startsWith("./")) {
    const real = file === undefined ? undefined : realPath(file);
    return real === undefined
      ? undefined
      : { literal: `${directoryOf(real)}/`, pattern: wholeDirectory(pattern).slice(2) };
  }
  const anywhere = pattern.startsWith("/") ? pattern : `**/${pattern}`;
  return { literal: "", pattern: wholeDirectory(anywhere) };
}
