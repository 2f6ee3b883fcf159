import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { sha256 } from "../../runtime/bun.ts";
import { namesIn, tryRead } from "../files/peek.ts";

// A tool can leave programs in every directory that it can write, so silo remembers these directories permanently.

const folder = (state: string) => `${state}/silo/places`;

/** Longest name of a file (NAME_MAX of Linux and macOS). */
const LONGEST = 255;

/** The file of a place. Its name is the encoded path, because a hash takes longer than the look-up; a hash if too long. */
function fileOf(state: string, path: string): string {
  const name = encodeURIComponent(path);
  return `${folder(state)}/${name.length > LONGEST ? sha256(path) : name}`;
}

/** Look-ups of this process, by file. Cached, because most paths share their ancestors. */
const known = new Map<string, boolean>();
let made = 0;

/** Number of places that this process has added; results cached with a lower number are stale. */
export const placesAdded = (): number => made;

/**
 * Remembers directories in which a tool can write from now on. Write errors are ignored, because a run with an
 * unwritable state directory fails elsewhere.
 * @param state the XDG state directory.
 * @param paths absolute, with links resolved. `/` is left out, because every program on PATH is below it.
 */
export function rememberPlaces(state: string, paths: readonly string[]): void {
  for (const path of new Set(paths)) {
    if (path === "/" || isPlace(state, path)) continue;
    try {
      mkdirSync(folder(state), { recursive: true, mode: 0o700 });
      writeFileSync(fileOf(state, path), path, { mode: 0o600 });
    } catch {
      // The place still counts in this process.
    }
    known.set(fileOf(state, path), true);
    made += 1;
  }
}

/**
 * The nearest remembered directory at or above a path.
 * @param path absolute, with links resolved.
 */
export function placeOver(state: string, path: string): string | undefined {
  if (made === 0 && !existsSync(folder(state))) return undefined;
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    const at = path.slice(0, end);
    if (isPlace(state, at)) return at;
  }
  return undefined;
}

function isPlace(state: string, path: string): boolean {
  const file = fileOf(state, path);
  let answer = known.get(file);
  if (answer === undefined) {
    answer = existsSync(file);
    known.set(file, answer);
  }
  return answer;
}

/** Every remembered directory. */
export function allPlaces(state: string): readonly string[] {
  return namesIn(folder(state)).flatMap((name) => tryRead(`${folder(state)}/${name}`) ?? []);
}
