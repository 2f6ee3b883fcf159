import { patternRequests, type PermissionRequest } from "./requests.ts";
import type { Config } from "../core/config.ts";
import { displayPath } from "../core/paths.ts";
import { jsonWord } from "../core/text/quote.ts";
import { matchingRepos } from "../core/repos.ts";
import {
  approvedPattern,
  knownPatterns,
  movedMounts,
  withPatternApproval,
  withPatterns,
  type GitPlace,
  type RealPath,
  type TrustRecord,
} from "./record.ts";
import type { GitFacts } from "../core/types.ts";
import { allPlaces } from "../sys/state/written-places.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";
import { readTrust, updateTrust } from "./store.ts";
import { approveNow } from "./approve.ts";
import { mountsOf } from "./requests.ts";
import { requestContext, isTrusted, trustsAll, trustStore } from "./context.ts";

/** A repository pattern that applies here. */
export type Applying = {
  readonly pattern: string;
  /** Its settings beyond the defaults. */
  readonly asks: readonly PermissionRequest[];
  /** All of its mounts. */
  readonly mounts: readonly RealPath[];
  /** Whether it passes a value or a mount, which needs approval in each directory. */
  readonly passes: boolean;
};

/** The directories in which the remotes of the working directory can be changed. */
export function gitPlace({ cwd }: HostEnvironment, { commonDirs }: GitFacts): GitPlace {
  return { cwd, shared: commonDirs };
}

/** The patterns that apply here, from the shortest to the longest. */
export function applyingHere(
  config: Config,
  here: HostEnvironment,
  git: GitFacts,
): readonly Applying[] {
  const place = requestContext(here);
  return matchingRepos(Object.keys(config.repos), git.remotes).map((pattern) => {
    const asks = patternRequests(config, pattern, { ...place, cwd: here.cwd });
    const passes = asks.some(({ key, mount }) => mount !== undefined || key.at(-1) === "env");
    return { pattern, asks, passes, mounts: mountsOf(patternRequests(config, pattern, place)) };
  });
}

/** The patterns that are not approved here. A mount whose real path has changed shows both paths. */
export function unapprovedPatterns(
  applying: readonly Applying[],
  config: Config,
  place: GitPlace,
  here: HostEnvironment,
  record: TrustRecord,
): readonly Applying[] {
  const ran = () => allPlaces(trustStore(here).state);
  return applying.flatMap((one) => {
    const { pattern, asks, passes } = one;
    if (asks.length === 0) return [];
    if (!passes) return knownPatterns(record, place, ran)?.includes(pattern) === false ? [one] : [];
    const approved = approvedPattern(record, here.cwd, pattern);
    if (approved === undefined) return [one];
    if (movedMounts(approved, mountsOf(asks)).length === 0) return [];
    const real = (path: string) => one.mounts.find((mount) => mount.path === path)?.real;
    const seen = { home: here.home, env: here.env, cwd: here.cwd, real, approved };
    return [{ ...one, asks: patternRequests(config, pattern, seen) }];
  });
}

/** The record with these patterns approved here; the same object if nothing changes. */
export function withApplying(
  record: TrustRecord,
  applying: readonly Applying[],
  place: GitPlace,
): TrustRecord {
  const giving = applying.filter(({ asks }) => asks.length > 0);
  const others = giving.filter(({ passes }) => !passes).map(({ pattern }) => pattern);
  return giving
    .filter(({ passes }) => passes)
    .reduce(
      (last, { pattern, mounts }) => withPatternApproval(last, place.cwd, pattern, mounts),
      others.length === 0 ? record : withPatterns(record, place, others),
    );
}

/**
 * Asks for approval when a repository pattern first passes a value or a mount in a directory, because anybody can set
 * any remote; and for other settings if a tool could have changed the remotes (`knownPatterns`).
 * @param remember whether to record the patterns that apply now; a dry run does not.
 * @returns the mounts of these patterns with their real paths when they were checked or shown.
 * @throws SiloError if a pattern is not approved.
 */
export async function ensurePatterns(
  config: Config,
  here: HostEnvironment,
  git: GitFacts,
  remember: boolean,
): Promise<readonly RealPath[]> {
  const applying = applyingHere(config, here, git);
  if (applying.length === 0 || trustsAll(here)) return [];
  if (isTrusted(here.cwd, config.trusted_paths, here.home)) return [];
  const mounts = applying.flatMap((one) => one.mounts);
  if (applying.every(({ asks }) => asks.length === 0)) return mounts;
  const store = trustStore(here);
  const place = gitPlace(here, git);
  const record = await readTrust(store);
  for (const one of unapprovedPatterns(applying, config, place, here, record)) {
    await approveNow(problemOf(one, here), one.asks);
    await updateTrust(store, (latest) => withApplying(latest, [one], place));
  }
  const quiet = applying.filter(({ passes }) => !passes);
  if (remember && withApplying(record, quiet, place) !== record)
    await updateTrust(store, (latest) => withApplying(latest, quiet, place));
  return mounts;
}

function problemOf({ pattern, passes }: Applying, { cwd, home }: HostEnvironment): string {
  const what = `repos ${jsonWord(pattern)}`;
  return passes
    ? `${what} requests variables or mounts and is not trusted in ${displayPath(cwd, home)}`
    : `${what} newly applies to ${displayPath(cwd, home)}, where a tool could have changed the remotes, and is not trusted`;
}
