import { existsSync, realpathSync, type Stats } from "node:fs";
import { within, xdgDirectories } from "../../core/paths.ts";
import { lstatOf, statOf } from "../files/peek.ts";
import { placeOver, placesAdded } from "../state/written-places.ts";

/** A program on PATH that silo does not start. */
export type Skipped = { readonly path: string; readonly why: string };

type Found = { readonly path: string | undefined; readonly skipped: readonly Skipped[] };

/** Cached results for one PATH in one directory. */
type Memo = {
  readonly key: string;
  /** The XDG state directory, which has the remembered places. */
  readonly state: string;
  readonly cwd: string | undefined;
  readonly programs: Map<string, Found>;
  readonly refused: Map<string, string | undefined>;
  path: string | undefined;
};

/** System directories, which are always trusted: a tool that can write these has the machine already. */
const SYSTEM = new Set([
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
]);

/** Mode bit of a world-writable directory. The sticky bit does not help, because it does not prevent adding a program. */
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
 * The absolute path of a command on PATH; undefined if there is none.
 *
 * Skips entries of PATH to which a repository or a tool can add programs: relative ones, those in the working
 * directory or in a directory that a tool could write in an earlier run, and world-writable ones.
 */
export function whereIs(bin: string): string | undefined {
  return find(bin).path;
}

/** Whether a command of that name is on PATH. */
export function onPath(bin: string): boolean {
  return whereIs(bin) !== undefined;
}

/** Programs of that name that come before the one on PATH that silo starts. */
export function skippedPrograms(bin: string): readonly Skipped[] {
  return bin.includes("/") ? [] : find(bin).skipped;
}

/** PATH for child processes, without the skipped entries; undefined if PATH is not set. */
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

/** The real path of a program; undefined if it is missing or not executable. */
function executable(path: string): string | undefined {
  // The cheapest check first, because most directories do not have it.
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

/** Why an entry of PATH is skipped; undefined if it is not. */
function refusal(entry: string, known: Memo): string | undefined {
  if (SYSTEM.has(entry)) return undefined;
  if (!entry.startsWith("/")) return "its entry of PATH is relative";
  const { refused } = known;
  if (!refused.has(entry)) refused.set(entry, refusedDirectory(entry, known));
  return refused.get(entry);
}

function refusedDirectory(entry: string, known: Memo): string | undefined {
  const found = statOf(entry);
  // A missing directory may be created while silo runs. A directory that cannot be searched has no usable program.
  if (found === undefined) return untrusted(entry, known);
  if ((found.mode & OTHERS_WRITE) !== 0) return "everybody can write there";
  return untrusted(realPath(entry) ?? entry, known);
}

/** Why a repository or a tool may have created the file at a real path; undefined if it cannot have. */
function untrusted(path: string, { cwd, state }: Memo): string | undefined {
  if (SYSTEM.has(path)) return undefined;
  if (cwd !== undefined && within(cwd, path) && !holdsPrograms(cwd))
    return "it is in the working directory";
  const place = placeOver(state, path);
  return place === undefined ? undefined : `a tool could write to ${place}`;
}

/** Whether a directory contains the home directory or the system's programs, and so is not a repository. */
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
  // As in `environment.ts`, node:os is loaded only if HOME is not set.
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
