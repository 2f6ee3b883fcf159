import { existsSync } from "node:fs";
import { isObject, object } from "../../core/json.ts";
import { sha256 } from "../../runtime/bun.ts";
import { namesIn, orUndefined, readJson } from "../files/peek.ts";
import { replaceOwn } from "../files/write.ts";

/** Record of a directory; orders the tool picker and tells which images are in use. */
export type Project = {
  readonly directory: string;
  /** The tool that ran last. */
  readonly tool: string;
  /** By tool the image of its last run, and when that was (ms since 1970). */
  readonly images: Readonly<Record<string, { readonly tag: string; readonly used: number }>>;
};

/** Precision of `used`, so that not every start writes the file. */
const DAY_MS = 86_400_000;

/** One file per directory, so that silo processes of different projects do not contend. */
function file(state: string, directory: string): string {
  const id = sha256(directory).slice(0, 24);
  return `${state}/silo/projects/${id}.json`;
}

const isProject = (value: unknown): value is Project => {
  const { directory, tool, images } = object(value);
  return typeof directory === "string" && typeof tool === "string" && isObject(images);
};

function read(path: string): Project | undefined {
  return readJson(path, isProject);
}

/** The record of a directory. */
export function project(state: string, directory: string): Project | undefined {
  return read(file(state, directory));
}

/** Records a run. Best effort. */
export function rememberRun(state: string, directory: string, tool: string, tag: string): void {
  const known = project(state, directory);
  const last = known?.images[tool];
  const now = Date.now();
  if (known?.tool === tool && last?.tag === tag && now - last.used < DAY_MS) return;
  const images = { ...known?.images, [tool]: { tag, used: now } };
  orUndefined(() => {
    const text = JSON.stringify({ directory, tool, images } satisfies Project);
    replaceOwn(file(state, directory), text);
  });
}

/** The records of all directories that still exist. */
export function projects(state: string): readonly Project[] {
  const directory = `${state}/silo/projects`;
  return namesIn(directory)
    .filter((name) => name.endsWith(".json"))
    .map((name) => read(`${directory}/${name}`))
    .filter((found) => found !== undefined)
    .filter((found) => existsSync(found.directory));
}
