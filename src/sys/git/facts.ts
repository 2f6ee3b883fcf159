import { gitIdentity } from "../../core/git/identity.ts";
import { gitRemotes } from "../../core/git/remotes.ts";
import type { GitFacts } from "../../core/types.ts";
import { loadGitConfig } from "./config.ts";
import { realPathOf } from "../files/peek.ts";
import { neededGitDirectories } from "./mounts.ts";
import { findRepository } from "./repository.ts";

/**
 * Facts that git would report about the working directory, read from files without running git. Files that are missing,
 * broken, unreadable or too large give less information, never an error.
 *
 * GIT_DIR applies to identity and remotes, as for git on the host, but not to the directories to mount, because git in
 * the guest starts from the working directory. GIT_WORK_TREE, GIT_COMMON_DIR and GIT_OBJECT_DIRECTORY do not affect
 * these facts.
 * @param steps work limit for the configuration; a test sets a small one.
 */
export async function gitFacts(
  cwd: string,
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  steps?: number,
): Promise<GitFacts> {
  const here = realPathOf(cwd) ?? cwd;
  const repository = findRepository(here, env);
  const variables = loadGitConfig({ cwd: here, home, env, repository }, steps);
  return {
    identity: gitIdentity(variables, env),
    remotes: repository === undefined ? [] : gitRemotes(variables),
    commonDirs: neededGitDirectories(here, home),
  };
}
