import manifest from "../../../package.json" with { type: "json" };
import { DAY_MS, isStale, isVersion, type Release } from "../../tools/versions.ts";

/** Timeout of the background query. */
const TIMEOUT_MS = 10_000;

/** URL of silo's releases, or of the mirror in SILO_RELEASES, which install.sh uses too. */
export function releasesAddress(): string {
  const mirror = process.env["SILO_RELEASES"] ?? "";
  const own = `https://github.com/${manifest.repository.replace(/^github:/, "")}/releases`;
  return (mirror === "" ? own : mirror).replace(/\/+$/, "");
}

/** silo's newest release, queried at most once a day. @returns the known one if offline or the check is turned off. */
export async function newestRelease(known: Release | undefined): Promise<Release | undefined> {
  const now = Date.now();
  const off = process.env["SILO_NO_VERSION_CHECK"] === "1";
  if (off || !isStale(known ?? { asked: 0 }, now, DAY_MS)) return known;
  const version = (await latest()) ?? known?.version;
  return { asked: now, ...(version === undefined ? {} : { version }) };
}

/** The version in the redirect from the latest release to its tag, because that needs no account and has no quota. */
async function latest(): Promise<string | undefined> {
  try {
    const { headers } = await fetch(`${releasesAddress()}/latest`, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const version = /\/tag\/v([^/]+)$/.exec(headers.get("location") ?? "")?.[1];
    return isVersion(version) ? version : undefined;
  } catch {
    return undefined;
  }
}
