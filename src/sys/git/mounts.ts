import { readdirSync } from "node:fs";
import { basename, dirname, normalize } from "node:path";
import { lastValue, parseGitConfig, isOn } from "../../core/git/config.ts";
import { within } from "../../core/paths.ts";
import { orUndefined, pathFrom, peekText, realPathOf } from "../files/peek.ts";
import { gitDirectory, gitFileTarget, isOurs, type GitDirectory } from "./repository.ts";

/** Directories of the working directory that are looked at; more would take time at every start. */
const MOST_SUBDIRECTORIES = 1000;

/**
 * The git directories outside the working directory that its git needs: those of a linked worktree
 * or a submodule, for the working directory and the directories right below it.
 *
 * What runs inside can write the `.git` file, so the file alone proves nothing: where it leads must
 * be a git directory that names this very worktree. `git init --separate-git-dir` leaves no such
 * name; setting `core.worktree` in that git directory makes one.
 *
 * Nothing is given for a subdirectory of a repository: without the files beside it, git inside
 * would take them all for deleted.
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

/** In a fixed order; links are not followed. */
function subdirectories(directory: string): readonly string[] {
  const entries = orUndefined(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const prefix = directory === "/" ? "/" : `${directory}/`;
  return names
    .toSorted()
    .slice(0, MOST_SUBDIRECTORIES)
    .map((name) => prefix + name);
}

/** The directory to mount, really and by the name that the `.git` file has for it, which may lead over links. */
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

/** A linked worktree's directory is `<common>/worktrees/<name>` and nowhere else (gitrepository-layout(5)). */
function isOfficialWorktree(gitDir: string, commonDir: string): boolean {
  return (
    dirname(gitDir) === `${commonDir}/worktrees` && gitDirectory(commonDir)?.commonDir === commonDir
  );
}

/** The worktree whose `.git` file a linked worktree's directory knows as its own. */
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
