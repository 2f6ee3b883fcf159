import { homely } from "../core/paths.ts";
import { SiloError } from "../errors.ts";
import { candidates } from "./files.ts";
import type { LoadedFile } from "./merge.ts";
import type { Problem } from "./parse.ts";

/** Where configuration is looked for. */
export type ConfigPlace = {
  readonly cwd: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Reads a file's text; undefined where there is none. */
export type Read = (path: string) => Promise<string | undefined>;

/** A file as it was read, once: what is approved is what is obeyed. */
export type ConfigFile = LoadedFile & { readonly text: string; readonly global: boolean };

/** The files that exist, in load order; the global one is the first candidate. */
export async function existingFiles(
  { cwd, home, env }: ConfigPlace,
  read: Read,
): Promise<readonly { path: string; text: string; global: boolean }[]> {
  const paths = candidates(cwd, home, env);
  const texts = await Promise.all(paths.map(read));
  return paths.flatMap((path, i) => {
    const text = texts[i];
    return text === undefined ? [] : [{ path, text, global: i === 0 }];
  });
}

/** Whether a text can say anything of backends: not without the word, unless it stands there in JSON's escapes. */
const speaksOfBackends = ({ text }: { readonly text: string }) => /backend|\\u/.test(text);

/**
 * The files that apply here, in load order; with `only`, none where none of them says anything of that.
 * @throws SiloError with every problem of every file as `path:line:column: what is wrong`.
 */
export async function loadFiles(
  place: ConfigPlace,
  read: Read,
  only?: "backends",
): Promise<readonly ConfigFile[]> {
  const files = await existingFiles(place, read);
  // Without a file nobody pays for the parsers; and a list of what runs needs none that is of other things.
  if (files.length === 0 || (only === "backends" && !files.some(speaksOfBackends))) return [];
  const { parseConfig } = await import("./parse.ts");
  const loaded: ConfigFile[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const parsed = parseConfig(file.text);
    if ("config" in parsed) loaded.push({ ...file, config: parsed.config });
    else problems.push(...problemLines(parsed.problems, homely(file.path, place.home)));
  }
  if (problems.length > 0) {
    const what = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new SiloError(`the configuration has ${what}`, {
      detail: problems,
      hint: "mend the file, then: silo config show",
    });
  }
  return loaded;
}

/** Problems of a file as `name:line:column: what is wrong`. */
export function problemLines(problems: readonly Problem[], name: string): readonly string[] {
  return problems.map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`);
}
