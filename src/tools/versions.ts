import type { Tool } from "../core/tool.ts";

/** The known versions, and the time of the last query (ms since 1970). */
export type VersionCache = {
  readonly asked: number;
  readonly versions: Readonly<Record<string, string>>;
  /** silo's newest release, which is fetched less often. */
  readonly silo?: Release;
};

export type Release = { readonly asked: number; readonly version?: string };

/** The internal subcommand that refreshes the versions. */
export const REFRESH_COMMAND = "__refresh-versions";

export const EMPTY_CACHE: VersionCache = { asked: 0, versions: {} };

const HOUR_MS = 60 * 60 * 1000;
export const DAY_MS = 24 * HOUR_MS;
const VERSION = /^\d+(\.\d+){1,3}(-[0-9A-Za-z.]+)?$/;

/** Whether a text is a version; others are never used as a build argument. */
export function isVersion(text: unknown): text is string {
  return typeof text === "string" && text.length < 64 && VERSION.test(text);
}

/** Parses the cache; malformed parts count as missing. */
export function parseCache(text: string | undefined): VersionCache {
  try {
    const value = JSON.parse(text ?? "") as Partial<VersionCache> | null;
    const pairs = Object.entries(value?.versions ?? {}).filter(([, version]) => isVersion(version));
    const silo = parseRelease(value?.silo);
    return {
      asked: parseTime(value?.asked),
      versions: Object.fromEntries(pairs),
      ...(silo === undefined ? {} : { silo }),
    };
  } catch {
    return EMPTY_CACHE;
  }
}

const parseTime = (value: unknown) => (typeof value === "number" ? value : 0);

function parseRelease(value: Partial<Release> | undefined): Release | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const asked = parseTime(value.asked);
  return isVersion(value.version) ? { asked, version: value.version } : { asked };
}

/** Whether a query is due again, by default after an hour. A time in the future counts as stale. */
export function isStale(
  { asked }: { readonly asked: number },
  now: number,
  age: number = HOUR_MS,
): boolean {
  return now - asked > age || asked > now;
}

/** The version to install of a tool and of each that it bundles. */
export function versionsFor(
  tool: Tool,
  all: readonly Tool[],
  cache: VersionCache,
): Readonly<Record<string, string>> {
  const needed = all.filter(({ name }) => name === tool.name || tool.bundles.includes(name));
  return Object.fromEntries(
    needed.map(({ name, knownVersion }) => [name, cache.versions[name] ?? knownVersion]),
  );
}
