import { sha256 } from "../runtime/bun.ts";
import { within } from "./paths.ts";

/** What the user has approved on this machine, as trust.json holds it. */
export type TrustRecord = {
  /** Hashes of the contents that were approved, by the file's absolute path; the newest last. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  /**
   * Repository patterns that have applied, by the directory that a tool could write: whoever can write
   * there can change the remotes, and so must not gain the settings of a further pattern.
   */
  readonly places: Readonly<Record<string, readonly string[]>>;
};

export const NO_TRUST: TrustRecord = { files: {}, places: {} };

/** Branches may differ in their silo.jsonc; more than these are not remembered. */
const MOST_HASHES = 20;

/** The record in a text; undefined for anything that silo did not write. */
export function parseRecord(text: string): TrustRecord | undefined {
  try {
    const { files, places } = JSON.parse(text) as Record<string, unknown>;
    return isLists(files) && isLists(places) ? { files, places } : undefined;
  } catch {
    return undefined;
  }
}

function isLists(value: unknown): value is Record<string, readonly string[]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([path, list]) =>
      path.startsWith("/") && Array.isArray(list) && list.every((item) => typeof item === "string"),
  );
}

export function isApproved({ files }: TrustRecord, path: string, text: string): boolean {
  return files[path]?.includes(sha256(text)) === true;
}

export function withApproval(record: TrustRecord, path: string, text: string): TrustRecord {
  const hash = sha256(text);
  const others = (record.files[path] ?? []).filter((known) => known !== hash);
  return {
    ...record,
    files: { ...record.files, [path]: [...others, hash].slice(-MOST_HASHES) },
  };
}

export function withoutApproval(record: TrustRecord, path: string): TrustRecord {
  const { [path]: _gone, ...files } = record.files;
  return { ...record, files };
}

/** A working directory, and the directories of its git elsewhere that tools may write too. */
export type GitPlace = { readonly cwd: string; readonly shared: readonly string[] };

/**
 * The patterns that may apply here without asking; undefined: all that match.
 *
 * The first time in a directory every pattern that matches applies: its remotes are as the user's clone
 * left them, and to ask for each new clone would teach people to say yes. From then on a tool could have
 * changed them, so a pattern counts only if it was known. A directory that a tool of an earlier run could
 * write (within that one's directory, or with the same git directory) is not new: it has what that one had.
 */
export function knownPatterns(
  { places }: TrustRecord,
  { cwd, shared }: GitPlace,
): readonly string[] | undefined {
  const own = places[cwd];
  if (own !== undefined) return own;
  const sources = [cwd, `${cwd}/.git`, ...shared];
  const writers = Object.keys(places).filter((path) =>
    sources.some((source) => within(path, source)),
  );
  const isNew = writers.length === 0 && !Object.keys(places).some((path) => within(cwd, path));
  return isNew ? undefined : [...new Set(writers.flatMap((path) => places[path] ?? []))];
}

/** The record with patterns known here; the same one where it says so already. */
export function withPatterns(
  record: TrustRecord,
  { cwd, shared }: GitPlace,
  patterns: readonly string[],
): TrustRecord {
  const places = { ...record.places };
  for (const path of [cwd, ...shared]) {
    places[path] = [...new Set([...(places[path] ?? []), ...patterns])];
  }
  const same = (path: string) => places[path]?.length === record.places[path]?.length;
  return Object.keys(places).every(same) ? record : { ...record, places };
}

/** The record without any pattern for a directory: all that match there ask from now on. */
export function withoutPatterns(record: TrustRecord, cwd: string): TrustRecord {
  return { ...record, places: { ...record.places, [cwd]: [] } };
}
