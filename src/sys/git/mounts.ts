import { readdirSync } from "node:fs";
import { basename, dirname, normalize } from "node:path";
import { lastValue, parseGitConfig, isOn } from "../../core/git/config.ts";
import { within } from "../../core/paths.ts";
import { orUndefined, pathFrom, peekText, realPathOf } from "../files/peek.ts";
import { gitDirectory, gitFileTarget, isOurs, type GitDirectory } from "./repository.ts";

/** Limit of subdirectories that are checked, because every start takes that time. */
const MOST_SUBDIRECTORIES = 1000;

/**
 * The git directories outside the working directory that its git needs: those of a linked worktree
 * or a submodule, for the working directory and the directories right below it.
 *
 * The `.git` file alone is not trusted, because a tool can write it: the git directory that it names
 * must name this worktree in return. After `git init --separate-git-dir` that requires setting
 * `core.worktree` in that git directory.
 *
 * For a subdirectory of a repository nothing is mounted, because git in the guest would report all
 * files outside of it as deleted.
 */
export function neededGitDirectories(cwd: string, home: string): readonly string[] {
  const realHome = realPathOf(home) ?? home;
  const fits = (path: string) =>
    !within(cwd, path) && ![cwd, home, realHome].some((inner) => within(path, inner));
  const found = [cwd, ...subdirectories(cwd)].flatMap((top) => {
    const own = linkedDirectory(top, cwd);
    return own !== undefined && fits(own.real) ? [own.real, own.named].filter(fits) : [];
  });
  return [...new Set(found)];
}

/** The subdirectories in a fixed order; links are not followed. */
function subdirectories(directory: string): readonly string[] {
  const entries = orUndefined(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const prefix = directory === "/" ? "/" : `${directory}/`;
  return names
    .toSorted()
    .slice(0, MOST_SUBDIRECTORIES)
    .map((name) => prefix + name);
}

/** The directory to mount: its real path, and the path in the `.git` file, which may contain links. */
type Linked = { readonly real: string; readonly named: string };

function linkedDirectory(top: string, cwd: string): Linked | undefined {
  const dotGit = `${top}/.git`;
  const target = gitFileTarget(dotGit);
  const found = target === undefined ? undefined : gitDirectory(target);
  if (target === undefined || found === undefined || !namesWorktree(found, top)) return undefined;
  const { gitDir, commonDir } = found;
  if (![dotGit, gitDir, commonDir].every((path) => isOurs(path, cwd))) return undefined;
  const named = normalize(`${target}/${gitDir === commonDir ? "." : "../.."}`).replace(/\/$/, "");
  return { real: commonDir, named: realPathOf(named) === commonDir ? named : commonDir };
}

function namesWorktree({ gitDir, commonDir }: GitDirectory, top: string): boolean {
  return gitDir === commonDir
    ? configuredWorktree(gitDir) === top
    : isOfficialWorktree(gitDir, commonDir) && linkedWorktree(gitDir) === top;
}

/** Whether a linked worktree's directory is `<common>/worktrees/<name>`, as it must be (gitrepository-layout(5)). */
function isOfficialWorktree(gitDir: string, commonDir: string): boolean {
  return (
    dirname(gitDir) === `${commonDir}/worktrees` && gitDirectory(commonDir)?.commonDir === commonDir
  );
}

/** The worktree that a linked worktree's git directory names. */
function linkedWorktree(gitDir: string): string | undefined {
  const written = peekText(`${gitDir}/gitdir`)?.trimEnd() ?? "";
  if (basename(written) !== ".git") return undefined;
  return realPathOf(dirname(pathFrom(gitDir, written)));
}

/** The worktree that a submodule's git directory names. */
function configuredWorktree(gitDir: string): string | undefined {
  const shared = parseGitConfig(peekText(`${gitDir}/config`) ?? "");
  const own = isOn(shared, "extensions.worktreeconfig")
    ? parseGitConfig(peekText(`${gitDir}/config.worktree`) ?? "")
    : [];
  const written = lastValue([...shared, ...own], "core.worktree");
  return written === undefined ? undefined : realPathOf(pathFrom(gitDir, written));
}
