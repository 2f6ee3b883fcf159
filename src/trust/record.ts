import { sha256 } from "../runtime/bun.ts";
import { SiloError } from "../errors.ts";
import { within } from "../core/paths.ts";

/** The real path of each approved mount, by its path as configured. */
export type RealPaths = Readonly<Record<string, string>>;

/** A mount when it was checked: its path as configured, and that path with every link resolved. */
export type RealPath = { readonly path: string; readonly real: string };

/** The newest approval of a project's file: the hash of its content, and the real paths of its mounts. */
export type Approval = { readonly hash: string; readonly mounts: RealPaths };

type By<T> = Readonly<Record<string, T>>;

/** The user's approvals on this machine; the content of trust.json. */
export type TrustRecord = {
  /** By the absolute path of a silo.jsonc. */
  readonly files: By<Approval>;
  /** By directory and pattern: repository patterns that may pass host values and mounts there. */
  readonly patterns: By<By<RealPaths>>;
  /**
   * Repository patterns that have applied, by the directory that a tool could write. Further patterns need approval
   * there, because the tool could have changed the remotes to get their settings.
   */
  readonly places: By<readonly string[]>;
  /** By directory and relative path: digests of the files that a tool runs or loads. */
  readonly toolFiles: By<By<string>>;
};

export const NO_TRUST: TrustRecord = { files: {}, patterns: {}, places: {}, toolFiles: {} };

/** Parses trust.json; undefined if the text is not a valid record. */
export function parseRecord(text: string): TrustRecord | undefined {
  try {
    const { files, patterns = {}, places, toolFiles = {} } = JSON.parse(text) as By<unknown>;
    if (!isBy(files, isStoredApproval) || !isBy(places, isList)) return undefined;
    if (!isBy(patterns, isPatterns) || !isBy(toolFiles, isTexts)) return undefined;
    if (![files, patterns, places, toolFiles].every(hasAbsoluteKeys)) return undefined;
    return { files: newest(files), patterns, places, toolFiles };
  } catch {
    return undefined;
  }
}

type Check<T> = (value: unknown) => value is T;

const isText: Check<string> = (value) => typeof value === "string";
const isList: Check<readonly string[]> = (value) => Array.isArray(value) && value.every(isText);
const isBy = <T>(value: unknown, check: Check<T>): value is By<T> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(check);
const isTexts: Check<By<string>> = (value) => isBy(value, isText);
const isPatterns: Check<By<RealPaths>> = (value) => isBy(value, isTexts);
const hasAbsoluteKeys = (value: object) => Object.keys(value).every((path) => path.startsWith("/"));

/** An approval in either format. The first version of the record had a list of hashes per file, the newest last. */
type StoredApproval = Approval | readonly string[];
const isStoredApproval = (value: unknown): value is StoredApproval => {
  if (isList(value)) return true;
  const { hash, mounts } = (value ?? {}) as Partial<Approval>;
  return isText(hash) && isTexts(mounts);
};

function newest(files: By<StoredApproval>): By<Approval> {
  const entries = Object.entries(files).flatMap(([path, stored]) => {
    if ("hash" in stored) return [[path, stored] as const];
    const hash = stored.at(-1);
    return hash === undefined ? [] : [[path, { hash, mounts: {} }] as const];
  });
  return Object.fromEntries(entries);
}

const has = (value: object | undefined, key: string) =>
  value !== undefined && Object.hasOwn(value, key);

/** Whether this exact content of a file is the one approved last. */
export function isApproved({ files }: TrustRecord, path: string, text: string): boolean {
  return files[path]?.hash === sha256(text);
}

/** The record with this content of a file approved, instead of any earlier content. */
export function withApproval(
  record: TrustRecord,
  path: string,
  text: string,
  mounts: readonly RealPath[],
): TrustRecord {
  const approval = { hash: sha256(text), mounts: realPaths(mounts) };
  return { ...record, files: { ...record.files, [path]: approval } };
}

export function withoutApproval(record: TrustRecord, path: string): TrustRecord {
  const { [path]: _gone, ...files } = record.files;
  return { ...record, files };
}

function realPaths(mounts: readonly RealPath[]): RealPaths {
  return Object.fromEntries(mounts.map(({ path, real }) => [path, real]));
}

/** A mount whose real path has changed since it was approved; `before` is undefined if that was not recorded. */
export type Moved = RealPath & { readonly before: string | undefined };

/** The mounts whose real paths have changed since they were approved. */
export function movedMounts(
  approved: RealPaths | undefined,
  mounts: readonly RealPath[],
): readonly Moved[] {
  return mounts
    .map((mount) => ({ ...mount, before: approved?.[mount.path] }))
    .filter(({ real, before }) => real !== before);
}

/**
 * Checks that a plan's mounts have the real paths that were approved.
 * @param paths the facts that the plan was made from.
 * @throws SiloError if a link has changed in between.
 */
export function refuseMoved(
  checked: readonly RealPath[],
  paths: Readonly<Record<string, { readonly real: string }>>,
): void {
  for (const { path, real } of checked) {
    const now = paths[path]?.real ?? real;
    if (now === real) continue;
    throw new SiloError(
      `${path} resolved to ${real} when it was checked, but now resolves to ${now}`,
      {
        hint: `ls -ld ${path}   # a program has changed it meanwhile`,
      },
    );
  }
}

/** Real paths of a repository pattern's mounts when it was approved in a directory; undefined if it was not. */
export function approvedPattern(
  { patterns }: TrustRecord,
  cwd: string,
  pattern: string,
): RealPaths | undefined {
  return has(patterns[cwd], pattern) ? patterns[cwd]?.[pattern] : undefined;
}

/** The record with a pattern approved to pass host values and mounts in a directory. */
export function withPatternApproval(
  record: TrustRecord,
  cwd: string,
  pattern: string,
  mounts: readonly RealPath[],
): TrustRecord {
  const own = { ...record.patterns[cwd], [pattern]: realPaths(mounts) };
  return { ...record, patterns: { ...record.patterns, [cwd]: own } };
}

/** The approved digest of a tool's file in a directory. */
export function approvedDigest(
  { toolFiles }: TrustRecord,
  cwd: string,
  path: string,
): string | undefined {
  return has(toolFiles[cwd], path) ? toolFiles[cwd]?.[path] : undefined;
}

/** The record with approved digests of a directory's files for tools, by relative path. */
export function withDigests(record: TrustRecord, cwd: string, digests: By<string>): TrustRecord {
  const own = { ...record.toolFiles[cwd], ...digests };
  return { ...record, toolFiles: { ...record.toolFiles, [cwd]: own } };
}

export function withoutDigests(record: TrustRecord, cwd: string): TrustRecord {
  const { [cwd]: _gone, ...toolFiles } = record.toolFiles;
  return { ...record, toolFiles };
}

/** A working directory, and its git directories elsewhere, which tools may write too. */
export type GitPlace = { readonly cwd: string; readonly shared: readonly string[] };

/**
 * Patterns that apply here without approval, provided that they pass neither host values nor mounts.
 *
 * In a new directory every such pattern applies, because its remotes are as the user cloned it, and a prompt for each
 * clone would train people to say yes. After the first run a tool could have changed the remotes, so only patterns that
 * have applied before do. A directory that a tool could write in an earlier run (inside that run's directory, or with
 * the same git directory) is not new: it has the patterns that all of those directories had.
 * @param ran returns the directories in which a tool ran before, even if no pattern applied there.
 * @returns undefined if every matching pattern applies.
 */
export function knownPatterns(
  { places }: TrustRecord,
  { cwd, shared }: GitPlace,
  ran: () => readonly string[],
): readonly string[] | undefined {
  const own = places[cwd];
  if (own !== undefined) return own;
  const all = [...new Set([...Object.keys(places), ...ran()])];
  const sources = [cwd, `${cwd}/.git`, ...shared];
  const writers = all.filter((path) => sources.some((source) => within(path, source)));
  const isNew = writers.length === 0 && !all.some((path) => within(cwd, path));
  if (isNew) return undefined;
  const [first = [], ...others] = writers.map((path) => places[path] ?? []);
  return first.filter((pattern) => others.every((list) => list.includes(pattern)));
}

/** The record with these patterns known here; the same object if nothing changes. */
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

/** The record without any pattern for a directory; every matching one needs approval from now on. */
export function withoutPatterns(record: TrustRecord, cwd: string): TrustRecord {
  const { [cwd]: _gone, ...patterns } = record.patterns;
  return { ...record, patterns, places: { ...record.places, [cwd]: [] } };
}
