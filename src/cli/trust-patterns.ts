import { patternAsks, type Ask } from "../config/trust.ts";
import type { Config } from "../config/types.ts";
import { jsonWord } from "../core/quote.ts";
import { matchingRepos } from "../core/repos.ts";
import { knownPatterns, withPatterns, type GitPlace } from "../core/trust.ts";
import type { GitFacts } from "../core/types.ts";
import type { Place } from "../sys/place.ts";
import { readTrust, updateTrust } from "../sys/trust.ts";
import { approveNow, askPlace, isTrusted, trustsAll, trustStore } from "./trust.ts";

/** Every repository pattern that gives more than the defaults, and what. */
export function grantingPatterns(config: Config, here: Place): ReadonlyMap<string, readonly Ask[]> {
  const all = Object.keys(config.repos).map(
    (pattern) => [pattern, patternAsks(config, pattern, askPlace(here, here.cwd))] as const,
  );
  return new Map(all.filter(([, asks]) => asks.length > 0));
}

/** Where the remotes of the working directory can be changed. */
export function gitPlace({ cwd }: Place, { commonDirs }: GitFacts): GitPlace {
  return { cwd, shared: commonDirs };
}

/**
 * Sees to it that changed remotes do not gain a project the settings of one more repository pattern;
 * `knownPatterns` says when one counts as such.
 * @param remember what applies now; a dry run starts nothing and leaves no trace.
 * @throws SiloError where a new one is not approved.
 */
export async function ensurePatterns(
  config: Config,
  here: Place,
  git: GitFacts,
  remember: boolean,
): Promise<void> {
  const granting = grantingPatterns(config, here);
  if (granting.size === 0 || trustsAll(here)) return;
  if (isTrusted(here.cwd, config.trusted_paths, here.home)) return;
  const store = trustStore(here);
  const place = gitPlace(here, git);
  const matching = matchingRepos([...granting.keys()], git.remotes);
  const record = await readTrust(store);
  const known = knownPatterns(record, place) ?? matching;
  const added = matching.filter((pattern) => !known.includes(pattern));
  for (const pattern of added) {
    const what = `repos ${jsonWord(pattern)} newly applies here`;
    const problem = `${what}, where a tool could have changed the remotes, and is not approved`;
    await approveNow(problem, granting.get(pattern) ?? []);
  }
  const news = withPatterns(record, place, matching) !== record;
  if (added.length > 0 || (remember && news)) {
    await updateTrust(store, (latest) => withPatterns(latest, place, matching));
  }
}
