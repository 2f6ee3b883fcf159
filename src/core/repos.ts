/** A remote's address as `host/path`: without scheme, user, port, `.git` and trailing slash; the host in lower case. */
export function normaliseRemote(address: string): string {
  const trimmed = address.trim();
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/:]+|\[[^\]]+\])(?::\d+)?\/*(.*)$/i.exec(
    trimmed,
  );
  const scp = /^(?:[^/@]+@)?([^/:]+):(?!\/\/)\/*(.*)$/.exec(trimmed);
  const [, host, path] = url ?? scp ?? [];
  const whole = host === undefined ? trimmed : `${host.toLowerCase()}/${path ?? ""}`;
  return whole.replace(/\/+$/, "").replace(/\.git$/, "");
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
