import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { sha256 } from "../../runtime/bun.ts";
import { orUndefined } from "../files/peek.ts";

/** What silo remembers of a directory: it orders the picker, and tells which images are still of use. */
export type Project = {
  readonly directory: string;
  /** The tool that ran last. */
  readonly tool: string;
  /** By tool the image of its last run, and when that was (ms since 1970). */
  readonly images: Readonly<Record<string, { readonly tag: string; readonly used: number }>>;
};

/** How exact the time of the last run has to be; each start would write the file otherwise. */
const DAY_MS = 86_400_000;

/** One small file for each directory, so that silos of different projects never meet. */
function file(state: string, directory: string): string {
  const id = sha256(directory).slice(0, 24);
  return `${state}/silo/projects/${id}.json`;
}

function read(path: string): Project | undefined {
  const value = orUndefined(
    () => JSON.parse(readFileSync(path, "utf8")) as Partial<Project> | null,
  );
  const whole =
    typeof value?.directory === "string" &&
    typeof value.tool === "string" &&
    typeof value.images === "object";
  return whole ? (value as Project) : undefined;
}

/** What is remembered of a directory. */
export function project(state: string, directory: string): Project | undefined {
  return read(file(state, directory));
}

/** Remembers a run. A failure is no matter: it orders a list, and spares an image. */
export function rememberRun(state: string, directory: string, tool: string, tag: string): void {
  const known = project(state, directory);
  const last = known?.images[tool];
  const now = Date.now();
  if (known?.tool === tool && last?.tag === tag && now - last.used < DAY_MS) return;
  const images = { ...known?.images, [tool]: { tag, used: now } };
  orUndefined(() => {
    mkdirSync(`${state}/silo/projects`, { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ directory, tool, images } satisfies Project);
    writeFileSync(file(state, directory), text, { mode: 0o600 });
  });
}

/** All that is remembered, of directories that still exist. */
export function projects(state: string): readonly Project[] {
  const directory = `${state}/silo/projects`;
  const names = orUndefined(() => readdirSync(directory)) ?? [];
  return names
    .map((name) => read(`${directory}/${name}`))
    .filter((found) => found !== undefined)
    .filter((found) => existsSync(found.directory));
}
