import { isOn, lastValue, type GitVariable } from "./config.ts";
import type { GitFacts } from "../types.ts";

/**
 * Who commits, by git-commit(1), "COMMIT INFORMATION": the environment, then `author.*` and
 * `committer.*`, then `user.*`, and EMAIL last. A set but empty value stops the search as it does
 * in git, and gives nothing. Git's guess from the account and the host is not made.
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
  // An address of any role keeps git from asking EMAIL, even for another role.
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
