import { readlinkSync } from "node:fs";
import { dirname } from "node:path";
import {
  orUndefined,
  isDirectory,
  lstatOf,
  pathFrom,
  peekText,
  realPathOf,
  statOf,
} from "../files/peek.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A git directory; both paths have links resolved. */
export type GitDirectory = {
  /** A linked worktree's own directory, otherwise the same as the common one. */
  readonly gitDir: string;
  /** The directory with the configuration, objects and refs that all worktrees share. */
  readonly commonDir: string;
};

export type Repository = GitDirectory & {
  /** Another name of the git directory: `.git` if that is a directory or a link to one. */
  readonly dotGit: string | undefined;
};

/**
 * The repository that git would use here (git(1), "GIT_DIR" and the variables after it).
 * It is ignored unless it belongs to this user or the owner of the working directory, as in git's own
 * check, because another user may have created it in a directory above. Unlike git, the search crosses
 * mount points.
 */
export function findRepository(cwd: string, env: Env): Repository | undefined {
  const named = env["GIT_DIR"];
  if (named !== undefined && named !== "") return explicitRepository(pathFrom(cwd, named));
  for (const directory of searched(cwd, env)) {
    const found = repositoryAt(directory);
    if (found === "refused") return undefined;
    if (found === undefined) continue;
    const places = [`${directory}/.git`, found.gitDir, found.commonDir];
    return places.every((place) => isOurs(place, cwd)) ? found : undefined;
  }
  return undefined;
}

/** Whether a path belongs to this user or to the owner of the working directory; true if it does not exist. */
export function isOurs(path: string, cwd: string): boolean {
  const owner = lstatOf(path)?.uid;
  return owner === undefined || isOwner(owner, cwd);
}

/** The same for a file that was read: neither its link nor its target belongs to another user. */
export function ownedBy(path: string, cwd: string, owner?: number): boolean {
  return isOurs(path, cwd) && (owner === undefined || isOwner(owner, cwd));
}

/** Whether a user id is this user's or the one that the working directory belongs to. */
export function isOwner(uid: number, cwd: string): boolean {
  return uid === process.getuid?.() || uid === statOf(cwd)?.uid;
}

function explicitRepository(path: string): Repository | undefined {
  const target = statOf(path)?.isFile() === true ? gitFileTarget(path) : path;
  const found = target === undefined ? undefined : gitDirectory(target);
  return found && { ...found, dotGit: undefined };
}

/** The working directory and its parents below any ceiling. */
function searched(cwd: string, env: Env): readonly string[] {
  const ceilings = (env["GIT_CEILING_DIRECTORIES"] ?? "")
    .split(":")
    .map((path) => (path.startsWith("/") ? realPathOf(path) : undefined));
  const directories = [cwd];
  for (let at = cwd; at !== "/";) {
    at = dirname(at);
    if (ceilings.includes(at)) break;
    directories.push(at);
  }
  return directories;
}

/** The repository of one directory. As in git, an invalid `.git` file ends the search, but an invalid directory does not. */
function repositoryAt(directory: string): Repository | "refused" | undefined {
  const dotGit = directory === "/" ? "/.git" : `${directory}/.git`;
  const kind = statOf(dotGit);
  if (kind?.isFile() === true) {
    const target = gitFileTarget(dotGit);
    const found = target === undefined ? undefined : gitDirectory(target);
    return found === undefined ? "refused" : { ...found, dotGit: undefined };
  }
  const inside = kind?.isDirectory() === true ? gitDirectory(dotGit) : undefined;
  if (inside !== undefined) return { ...inside, dotGit };
  const bare = gitDirectory(directory);
  return bare && { ...bare, dotGit: undefined };
}

/** The path in a `.git` file, which may be anything. */
export function gitFileTarget(path: string): string | undefined {
  const text = withoutLineEnds(peekText(path) ?? "");
  const written = text.startsWith("gitdir: ") ? text.slice("gitdir: ".length) : "";
  return written === "" || written.includes("\0") ? undefined : pathFrom(dirname(path), written);
}

/** The git directory at a path, by gitrepository-layout(5): HEAD, and in the common directory objects and refs. */
export function gitDirectory(path: string): GitDirectory | undefined {
  const gitDir = realPathOf(path);
  if (gitDir === undefined || !hasHead(gitDir)) return undefined;
  const written = peekText(`${gitDir}/commondir`);
  const commonDir =
    written === undefined ? gitDir : realPathOf(pathFrom(gitDir, withoutLineEnds(written)));
  if (commonDir === undefined) return undefined;
  const whole = isDirectory(`${commonDir}/objects`) && isDirectory(`${commonDir}/refs`);
  return whole ? { gitDir, commonDir } : undefined;
}

/** Not a regular expression, because /[\r\n]+$/ backtracks quadratically on a crafted file (ReDoS). */
function withoutLineEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end--;
  return text.slice(0, end);
}

function hasHead(gitDir: string): boolean {
  const head = headText(gitDir);
  return head !== undefined && /^(ref:\s*refs\/|[0-9a-f]{40})/i.test(head);
}

/** The text of HEAD. In old repositories it is a link to a branch, which git still supports. */
function headText(gitDir: string): string | undefined {
  const path = `${gitDir}/HEAD`;
  if (lstatOf(path)?.isSymbolicLink() !== true) return peekText(path);
  const target = orUndefined(() => readlinkSync(path));
  return target === undefined ? undefined : `ref: ${target}`;
}

/** The branch that is checked out, even if it has no commit yet. */
export function currentBranch(gitDir: string): string | undefined {
  return /^ref:\s*refs\/heads\/(.*)/.exec(headText(gitDir) ?? "")?.[1]?.trimEnd();
}
