import manifest from "../../../package.json" with { type: "json" };
import { DAY_MS, isStale, isVersion, type Release } from "../../tools/versions.ts";

/** Timeout of the background query. */
const TIMEOUT_MS = 10_000;

/** Where silo's releases are, unless a mirror is named; install.sh heeds the same variable. */
export function releasesAddress(): string {
  const mirror = process.env["SILO_RELEASES"] ?? "";
  const own = `https://github.com/${manifest.repository.replace(/^github:/, "")}/releases`;
  return (mirror === "" ? own : mirror).replace(/\/+$/, "");
}

/** silo's newest release: asked for at most once a day, and not at all where that is turned off. Offline, what is known. */
export async function newestRelease(known: Release | undefined): Promise<Release | undefined> {
  const now = Date.now();
  const off = process.env["SILO_NO_VERSION_CHECK"] === "1";
  if (off || !isStale(known ?? { asked: 0 }, now, DAY_MS)) return known;
  const version = (await latest()) ?? known?.version;
  return { asked: now, ...(version === undefined ? {} : { version }) };
}

/** The page of the latest release redirects to the one of its tag, which costs no account and no quota. */
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
