import { splitKey, type GitVariable } from "./config.ts";
import { gitGlob, type Budget } from "./glob.ts";

/** Facts that decide which files a configuration includes. */
export type IncludeFacts = {
  readonly home: string;
  /** The home directory with links resolved. */
  readonly realHome: string;
  /** Paths of the git directory, with links resolved and as named; empty without a repository. */
  readonly gitDirs: readonly string[];
  /** The branch that is checked out. */
  readonly branch: string | undefined;
  /** Addresses of the remotes; called only if a condition needs them. */
  readonly urls: () => readonly string[];
  /** The path with links resolved; undefined if it does not exist. */
  readonly realPath: (path: string) => string | undefined;
};

/** The file that a setting includes, by git-config(1), "Includes"; undefined if it includes none. */
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
  // Relative to the path by which the file was opened. Not normalised, because `..` may come after a link.
  return file === undefined ? undefined : `${directoryOf(file)}/${path}`;
}

/** Expands `~` and `~/…`. @returns undefined for `~user` and `%(prefix)/`, which are not supported. */
function expandHome(path: string, home: string): string | undefined {
  if (path === "~" || path.startsWith("~/")) return home + path.slice(1);
  return path.startsWith("~") || path.startsWith("%(prefix)/") ? undefined : path;
}

function directoryOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/"));
}

/** Whether a condition holds (git-config(1), "Conditional includes"); one of an unknown kind does not. */
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

/** A pattern with a slash at its end matches everything below that directory. */
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

/**
 * Splits a `gitdir:` pattern into a literal prefix and a pattern for the rest.
 * @returns undefined if it is relative to a file that does not exist.
 */
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
