import { splitKey, type GitVariable } from "./config.ts";

/** Limit of remotes and rewrite rules, far above real use; bounds the work for a hostile repository (DoS). */
const MOST = 1000;

type Rewrite = { readonly base: string; readonly prefix: string };
type Remote = { urls: string[]; pushUrls: string[] };

/**
 * All addresses of all remotes, in configuration order and without duplicates: those for fetch and
 * for push after `url.*.insteadOf` (git-config(1)), then the addresses as written, because people
 * know a repository by either.
 */
export function gitRemotes(variables: readonly GitVariable[]): readonly string[] {
  const fetching = rewrites(variables, "insteadof");
  const pushing = rewrites(variables, "pushinsteadof");
  const remotes = [...readRemotes(variables).values()].slice(0, MOST);
  return [...new Set(remotes.flatMap((remote) => addresses(remote, fetching, pushing)))];
}

function addresses(
  { urls, pushUrls }: Remote,
  fetching: readonly Rewrite[],
  pushing: readonly Rewrite[],
): readonly string[] {
  const written = [...urls, ...pushUrls];
  const effective = written.map((url) => rewritten(url, fetching) ?? url);
  // Git ignores `pushInsteadOf` for a remote that has a `pushurl` (git-config(1)).
  const forPush = pushUrls.length > 0 ? [] : urls.flatMap((url) => rewritten(url, pushing) ?? []);
  return [...effective, ...forPush, ...written];
}

/** The addresses of remotes as written, which `includeIf "hasconfig:remote.*.url:…"` matches against. */
export function remoteUrls(variables: readonly GitVariable[]): readonly string[] {
  const urls = variables.flatMap(({ key, value }) => {
    const { section, subsection, name } = splitKey(key);
    const isUrl = section === "remote" && subsection !== undefined && name === "url";
    return isUrl && value !== undefined ? [value] : [];
  });
  return urls.slice(0, MOST);
}

function readRemotes(variables: readonly GitVariable[]): ReadonlyMap<string, Remote> {
  const remotes = new Map<string, Remote>();
  for (const { key, value } of variables) {
    const { section, subsection, name } = splitKey(key);
    if (section !== "remote" || subsection === undefined || subsection.startsWith("/")) continue;
    const remote = remotes.get(subsection) ?? { urls: [], pushUrls: [] };
    remotes.set(subsection, remote);
    const list = name === "url" ? remote.urls : name === "pushurl" ? remote.pushUrls : undefined;
    // An empty address clears those before it.
    if (value === "") list?.splice(0);
    else if (value !== undefined && list !== undefined && list.length < MOST) list.push(value);
  }
  return remotes;
}

function rewrites(variables: readonly GitVariable[], wanted: string): readonly Rewrite[] {
  const rules = variables.flatMap(({ key, value }) => {
    const { section, subsection, name } = splitKey(key);
    const fits = section === "url" && subsection !== undefined && name === wanted;
    return fits && value !== undefined ? [{ base: subsection, prefix: value }] : [];
  });
  return rules.slice(0, MOST);
}

/** Applies the rule with the longest prefix, the first of equally long ones. @returns undefined if none applies. */
function rewritten(url: string, rules: readonly Rewrite[]): string | undefined {
  let best: Rewrite | undefined;
  for (const rule of rules) {
    const longer = best === undefined || rule.prefix.length > best.prefix.length;
    if (longer && url.startsWith(rule.prefix)) best = rule;
  }
  return best && best.base + url.slice(best.prefix.length);
}
