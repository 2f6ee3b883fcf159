/** A remote's address as `host/path`: without scheme, user, port, `.git` and trailing slash; the host in lower case. */
export function normaliseRemote(address: string): string {
  const trimmed = address.trim();
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?(\[[^\]]+\]|[^/:]+)(?::\d+)?\/*(.*)$/is.exec(
    trimmed,
  );
  const scp = /^(?:[^/@]+@)?([^/:]+):(?!\/\/)\/*(.*)$/s.exec(trimmed);
  const [, host, path] = url ?? scp ?? [];
  const whole = host === undefined ? trimmed : `${host.toLowerCase()}/${path ?? ""}`;
  return withoutSlashes(whole).replace(/\.git$/, "");
}

/** By hand, since a pattern that ends in `\/+$` takes hours for a prepared address. */
function withoutSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end--;
  return text.slice(0, end);
}

/** The patterns that are part of a remote's normalised address, from the shortest to the longest. */
export function matchingRepos(
  patterns: readonly string[],
  remotes: readonly string[],
): readonly string[] {
  const addresses = remotes.map(normaliseRemote);
  return patterns
    .filter((pattern) => pattern !== "" && addresses.some((address) => address.includes(pattern)))
    .toSorted((a, b) => a.length - b.length);
}
