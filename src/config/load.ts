import { displayPath } from "../core/paths.ts";
import { SiloError } from "../errors.ts";
import { candidates } from "./files.ts";
import type { LoadedFile } from "./merge.ts";
import type { Problem } from "./parse.ts";

/** Where configuration is looked for. */
export type ConfigRoots = {
  readonly cwd: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Reads a file's text; undefined where there is none. @throws SiloError where it cannot be read. */
export type Read = (path: string, global: boolean) => Promise<string | undefined>;

/** The text of a file; the global one is the user's own. */
export type FileText = { readonly path: string; readonly text: string; readonly global: boolean };

/** A file as it was read, once: what is approved is what is obeyed. */
export type ConfigFile = LoadedFile & FileText;

/** Why a file is not obeyed, as a sentence without its end, and what to do about it, as a command with its purpose. */
export type LeftOut = { readonly why: string; readonly next: string };

/** The files that exist, in load order; the global one is the first candidate. */
export async function existingFiles(
  { cwd, home, env }: ConfigRoots,
  read: Read,
): Promise<readonly FileText[]> {
  const paths = candidates(cwd, home, env);
  const texts = await Promise.all(paths.map((path, i) => read(path, i === 0)));
  return paths.flatMap((path, i) => {
    const text = texts[i];
    return text === undefined ? [] : [{ path, text, global: i === 0 }];
  });
}

/**
 * The files that apply here, in load order.
 * @throws SiloError with every problem of every file as `path:line:column: what is wrong`.
 */
export async function loadFiles(place: ConfigRoots, read: Read): Promise<readonly ConfigFile[]> {
  const files = await existingFiles(place, read);
  // Without a file the parsers are not loaded.
  if (files.length === 0) return [];
  const { parseConfig } = await import("./parse.ts");
  const loaded: ConfigFile[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const parsed = parseConfig(file.text);
    if ("config" in parsed) loaded.push({ ...file, config: parsed.config });
    else problems.push(...problemLines(parsed.problems, displayPath(file.path, place.home)));
  }
  if (problems.length > 0) {
    const what = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new SiloError(`the configuration has ${what}`, {
      detail: problems,
      hint: "fix the file, then run: silo config show",
    });
  }
  return loaded;
}

/** Whether a text can set a backend: only with the word in it, plain or in JSON's escapes. */
export const speaksOfBackends = (text: string) => /backend|\\u/.test(text);

/**
 * The global file and those that speak of backends, for commands that must work whatever a project holds: a file that
 * cannot be read or is not valid is left out.
 * @param leaveOut is called for each such file that could speak of backends.
 */
export async function loadForBackends(
  place: ConfigRoots,
  read: Read,
  leaveOut: (file: LeftOut) => void,
): Promise<readonly ConfigFile[]> {
  const careful: Read = async (path, global) => {
    try {
      return await read(path, global);
    } catch (error) {
      if (!(error instanceof SiloError)) throw error;
      leaveOut({ why: error.message, next: `to see it: ls -ld ${path}` });
      return undefined;
    }
  };
  const files = await existingFiles(place, careful);
  const speaking = files.filter(({ text }) => speaksOfBackends(text));
  // A list of containers needs no parser where no file is about that.
  if (speaking.length === 0) return [];
  const { parseConfig } = await import("./parse.ts");
  return files
    .filter((file) => file.global || speaking.includes(file))
    .flatMap((file) => {
      const parsed = parseConfig(file.text);
      if ("config" in parsed) return [{ ...file, config: parsed.config }];
      const why = `${displayPath(file.path, place.home)} is not valid`;
      leaveOut({ why, next: "to see why: silo config show" });
      return [];
    });
}

/** Problems of a file as `name:line:column: what is wrong`. */
export function problemLines(problems: readonly Problem[], name: string): readonly string[] {
  return problems.map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`);
}
