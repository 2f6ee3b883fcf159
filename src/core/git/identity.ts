import { isOn, lastValue, type GitVariable } from "./config.ts";
import type { GitFacts } from "../types.ts";

/**
 * The author and committer of commits (git-commit(1), "COMMIT INFORMATION"): from the environment, then
 * `author.*` and `committer.*`, then `user.*`, then EMAIL. As in git, a variable that is set but empty
 * ends the search; it is left out here. Unlike git, nothing is guessed from the account and the host name.
 */
export function gitIdentity(
  variables: readonly GitVariable[],
  env: Readonly<Record<string, string | undefined>>,
): GitFacts["identity"] {
  const configured = (role: string, part: string) =>
    lastValue(variables, `${role}.${part}`) || lastValue(variables, `user.${part}`);
  const given = ["user", "author", "committer"].some(
    (role) => lastValue(variables, `${role}.email`) !== undefined,
  );
  // Git ignores EMAIL if an address is configured for any role, even another one.
  const useEmail = !given && !isOn(variables, "user.useconfigonly");
  const fallback = useEmail ? env["EMAIL"]?.trim() : undefined;
  const found = {
    GIT_AUTHOR_NAME: env["GIT_AUTHOR_NAME"] ?? configured("author", "name"),
    GIT_AUTHOR_EMAIL: env["GIT_AUTHOR_EMAIL"] ?? configured("author", "email") ?? fallback,
    GIT_COMMITTER_NAME: env["GIT_COMMITTER_NAME"] ?? configured("committer", "name"),
    GIT_COMMITTER_EMAIL: env["GIT_COMMITTER_EMAIL"] ?? configured("committer", "email") ?? fallback,
  };
  return Object.fromEntries(
    Object.entries(found).filter(([, value]) => value !== undefined && value !== ""),
  );
}
