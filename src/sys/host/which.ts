import { existsSync, realpathSync, type Stats } from "node:fs";
import { within, xdgDirectories } from "../../core/paths.ts";
import { lstatOf, statOf } from "../files/peek.ts";
import { placeOver, placesAdded } from "../state/written-places.ts";

/** A program that PATH has and silo does not start. */
export type Skipped = { readonly path: string; readonly why: string };

type Found = { readonly path: string | undefined; readonly skipped: readonly Skipped[] };

/** What was concluded from one PATH in one directory. */
type Memo = {
  readonly key: string;
  /** The XDG state directory, where the places are. */
  readonly state: string;
  readonly cwd: string | undefined;
  readonly programs: Map<string, Found>;
  readonly refused: Map<string, string | undefined>;
  path: string | undefined;
};

/** The system's own directories are never asked about: a tool that can write these has the machine already. */
const SYSTEM = new Set([
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
]);

/** With the sticky bit too: it keeps others from replacing a program, but not from adding one. */
const OTHERS_WRITE = 0o002;
const ANY_EXECUTES = 0o111;

let memo: Memo | undefined;

function current(): Memo {
  const key = [placesAdded(), directory(), state(), process.env["PATH"]].join("\0");
  if (memo?.key !== key) {
    const found = { state: state(), cwd: directory(), path: undefined };
    memo = { key, ...found, programs: new Map(), refused: new Map() };
  }
  return memo;
}

/**
 * The absolute path of a command on PATH; undefined where there is none.
 *
 * An entry of PATH does not count where a repository or a tool can put programs: one that is relative, lies in
 * the working directory or in a directory where a tool could write in an earlier run, or that everybody can write.
 */
export function whereIs(bin: string): string | undefined {
  return find(bin).path;
}

/** Whether a command of that name is on PATH. */
export function onPath(bin: string): boolean {
  return whereIs(bin) !== undefined;
}

/** The programs of that name that come first on PATH, but that silo does not start. */
export function skippedPrograms(bin: string): readonly Skipped[] {
  return bin.includes("/") ? [] : find(bin).skipped;
}

/** PATH for child processes, without the entries that do not count; undefined where PATH is not set. */
export function childPath(): string | undefined {
  const written = process.env["PATH"];
  if (written === undefined) return undefined;
  const known = current();
  known.path ??= written
    .split(":")
    .filter((entry) => refusal(entry, known) === undefined)
    .join(":");
  return known.path;
}

function find(bin: string): Found {
  const known = current();
  const before = known.programs.get(bin);
  if (before !== undefined) return before;
  const skipped: Skipped[] = [];
  const entry = (process.env["PATH"] ?? "").split(":").find((each) => {
    const path = `${each === "" ? "." : each}/${bin}`;
    const real = executable(path);
    if (real === undefined) return false;
    const own = real === path && SYSTEM.has(each);
    const why = own ? undefined : (refusal(each, known) ?? untrusted(real, known));
    if (why !== undefined) skipped.push({ path, why });
    return why === undefined;
  });
  const found = { path: entry === undefined ? undefined : `${entry}/${bin}`, skipped };
  known.programs.set(bin, found);
  return found;
}

/** The real path of a program; undefined for what is missing or cannot be executed. */
function executable(path: string): string | undefined {
  // Most directories do not have it, and this is the cheapest question.
  if (!existsSync(path)) return undefined;
  const found = lstatOf(path);
  if (found?.isSymbolicLink() !== true)
    return found !== undefined && runs(found) ? path : undefined;
  const leads = statOf(path);
  return leads !== undefined && runs(leads) ? realPath(path) : undefined;
}

function runs(file: Stats): boolean {
  return file.isFile() && (file.mode & ANY_EXECUTES) !== 0;
}

/** Why an entry of PATH does not count. */
function refusal(entry: string, known: Memo): string | undefined {
  if (SYSTEM.has(entry)) return undefined;
  if (!entry.startsWith("/")) return "its entry of PATH is relative";
  const { refused } = known;
  if (!refused.has(entry)) refused.set(entry, refusedDirectory(entry, known));
  return refused.get(entry);
}

function refusedDirectory(entry: string, known: Memo): string | undefined {
  const found = statOf(entry);
  // A missing directory may be created while silo runs. One that cannot be searched holds no program for this user.
  if (found === undefined) return untrusted(entry, known);
  if ((found.mode & OTHERS_WRITE) !== 0) return "everybody can write there";
  return untrusted(realPath(entry) ?? entry, known);
}

/** Why what lies at a real path may have been put there by a repository or a tool. */
function untrusted(path: string, { cwd, state }: Memo): string | undefined {
  if (SYSTEM.has(path)) return undefined;
  if (cwd !== undefined && within(cwd, path) && !holdsPrograms(cwd))
    return "it is in the working directory";
  const place = placeOver(state, path);
  return place === undefined ? undefined : `a tool could write to ${place}`;
}

/** A directory that holds the user's own programs or the system's is no repository. */
function holdsPrograms(path: string): boolean {
  const home = process.env["HOME"] ?? "";
  return [home, realPath(home) ?? home, "/usr/bin"].some((own) => within(path, own));
}

function directory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

function state(): string {
  // As in `place.ts`: node:os is loaded only where HOME does not say.
  const home = process.env["HOME"] || process.getBuiltinModule("node:os").homedir();
  return xdgDirectories(home, process.env).state;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
