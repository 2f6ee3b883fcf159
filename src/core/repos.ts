/** A remote's address: its host in lower case, undefined for a local path, and the segments of its path. */
export type Remote = { readonly host: string | undefined; readonly path: readonly string[] };

/** Length limit of an address, above any real one; bounds the work for a crafted one. */
const LONGEST = 4096;

/** Schemes that name a host; `file://` and remote helpers (`ext::…`) do not. */
const SCHEMES = /^(?:https?|ssh|git|ftps?|git\+ssh|ssh\+git)$/i;

/** A host name or a bracketed IPv6 address, with a port. */
const HOST = /^([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;

/** Characters that programs interpret differently (`\` as `/`, `?` and `#` as the end), or that are invalid. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const AMBIGUOUS = /[\\?#\u0000-\u0020\u007F]/;

/**
 * The parts of a remote's address, after `git@host:path`, `scheme://user@host:port/path` and `.git` are normalised
 * (git-fetch(1), "GIT URLS").
 * @returns undefined for an address that git, curl and ssh could read differently from silo.
 */
export function parseRemote(address: string): Remote | undefined {
  const text = address.trim();
  if (text === "" || text.length > LONGEST || AMBIGUOUS.test(text)) return undefined;
  const [host, path] = split(text);
  if (host === false) return undefined;
  const segments = path.split("/").filter((segment) => segment !== "");
  if (segments.some(isOdd)) return undefined;
  return { host, path: withoutSuffix(segments) };
}

/** The host and the path of an address; `false` if the host is not a plain host name. */
function split(text: string): readonly [string | undefined | false, string] {
  const scheme = text.indexOf("://");
  if (scheme > 0 && !text.slice(0, scheme).includes("/")) {
    if (!SCHEMES.test(text.slice(0, scheme))) return [false, ""];
    const rest = text.slice(scheme + 3);
    const slash = rest.indexOf("/");
    return slash < 0 ? [hostOf(rest), ""] : [hostOf(rest.slice(0, slash)), rest.slice(slash)];
  }
  const colon = text.indexOf(":");
  const isLocal = colon < 0 || text.slice(0, colon).includes("/");
  if (isLocal) return [undefined, text];
  // Two colons mean a remote helper: `ext::sh -c …`.
  if (text[colon + 1] === ":") return [false, ""];
  const host = hostOf(text.slice(0, colon));
  return [host, text.slice(colon + 1)];
}

/** The host of `user@host:port`; the part before the last `@` is the user, as for curl and ssh. */
function hostOf(authority: string): string | false {
  const host = HOST.exec(authority.slice(authority.lastIndexOf("@") + 1))?.[1];
  return host === undefined ? false : host.toLowerCase();
}

/** Whether a segment is `.` or `..`, plain or percent-encoded, or hides a separator. */
function isOdd(segment: string): boolean {
  if (!segment.includes("%")) return segment === "." || segment === "..";
  try {
    const decoded = decodeURIComponent(segment);
    return decoded === "." || decoded === ".." || /[/%]/.test(decoded) || hides(decoded);
  } catch {
    return true;
  }
}

/** Whether a text has ambiguous characters. Spaces are allowed, because forges have them in addresses, as `%20`. */
function hides(decoded: string): boolean {
  return AMBIGUOUS.test(decoded.replaceAll(" ", ""));
}

function withoutSuffix(segments: readonly string[]): readonly string[] {
  const last = segments.at(-1);
  if (last === undefined || !last.endsWith(".git")) return segments;
  const name = last.slice(0, -".git".length);
  return [...segments.slice(0, -1), ...(name === "" ? [] : [name])];
}

/** The segments of a pattern; a scheme, a user and `.git` are ignored as in an address. */
function patternSegments(pattern: string): readonly string[] {
  const plain = pattern.split("/").filter((segment) => segment !== "");
  if (!/[:@]|\.git$/.test(pattern)) return plain;
  const parsed = parseRemote(pattern);
  if (parsed === undefined) return plain;
  return [...(parsed.host === undefined ? [] : [parsed.host]), ...parsed.path];
}

/**
 * Whether a pattern applies to a remote: its segments are the first ones of `host/path`, or, if its first segment has no
 * dot, consecutive ones anywhere in it. Only the host ignores case.
 */
export function matches(pattern: string, remote: Remote): boolean {
  const wanted = patternSegments(pattern);
  const [first = ""] = wanted;
  if (first === "") return false;
  const whole = remote.host === undefined ? remote.path : [remote.host, ...remote.path];
  const fits = (start: number) =>
    wanted.every((segment, i) => {
      const isHost = remote.host !== undefined && start + i === 0;
      return whole[start + i] === (isHost ? segment.toLowerCase() : segment);
    });
  if (first.includes(".")) return remote.host !== undefined && fits(0);
  return whole.some((_, start) => fits(start));
}

/** The patterns that apply to one of the remotes, from the shortest to the longest. */
export function matchingRepos(
  patterns: readonly string[],
  remotes: readonly string[],
): readonly string[] {
  const parsed = remotes.map(parseRemote).filter((remote) => remote !== undefined);
  return patterns
    .filter((pattern) => parsed.some((remote) => matches(pattern, remote)))
    .toSorted((a, b) => a.length - b.length);
}
