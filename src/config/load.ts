import { homely } from "../core/paths.ts";
import { SiloError } from "../errors.ts";
import { candidates } from "./files.ts";
import { mergeConfig, type LoadedFile } from "./merge.ts";
import type { Config } from "./types.ts";

/** Where configuration is looked for. */
export type ConfigPlace = {
  readonly cwd: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Reads a file's text; undefined where there is none. */
export type Read = (path: string) => Promise<string | undefined>;

/** The files that exist, in load order. */
export async function existingFiles(
  { cwd, home, env }: ConfigPlace,
  read: Read,
): Promise<readonly { path: string; text: string }[]> {
  const paths = candidates(cwd, home, env);
  const texts = await Promise.all(paths.map(read));
  return paths.flatMap((path, i) => {
    const text = texts[i];
    return text === undefined ? [] : [{ path, text }];
  });
}

/**
 * The configuration that holds here.
 * @throws SiloError with every problem of every file as `path:line:column: what is wrong`.
 */
export async function loadConfig(place: ConfigPlace, read: Read): Promise<Config> {
  const files = await existingFiles(place, read);
  if (files.length === 0) return mergeConfig([], place.env);
  // Most runs have no file at all and never pay for the parsers.
  const { parseConfig } = await import("./parse.ts");
  const loaded: LoadedFile[] = [];
  const problems: string[] = [];
  for (const { path, text } of files) {
    const parsed = parseConfig(text);
    if ("config" in parsed) loaded.push({ path, config: parsed.config });
    else {
      const name = homely(path, place.home);
      problems.push(
        ...parsed.problems.map(
          ({ line, column, message }) => `${name}:${line}:${column}: ${message}`,
        ),
      );
    }
  }
  if (problems.length > 0) {
    const what = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new SiloError(`the configuration has ${what}`, {
      detail: problems,
      hint: "mend the file, then: silo config show",
    });
  }
  return mergeConfig(loaded, place.env);
}
