import { displayPath } from "../core/paths.ts";
import { SiloError } from "../errors.ts";
import { speaksOfBackends } from "./files.ts";
import type { LoadedFile } from "./merge.ts";
import type { Problem } from "./parse.ts";

/** The text of a configuration file. */
export type FileText = { readonly path: string; readonly text: string; readonly global: boolean };

/** A file that was read and parsed once, so that the approved text is the one that applies. */
export type ConfigFile = LoadedFile & FileText;

/** The reason why a file is ignored, as a clause, and a command with its purpose. */
export type LeftOut = { readonly why: string; readonly next: string };

/**
 * Parses files, in load order.
 * @throws SiloError with every problem of every file as `path:line:column: message`.
 */
export async function parseFiles(
  files: readonly FileText[],
  home: string,
): Promise<readonly ConfigFile[]> {
  // Without a file the parsers are not loaded.
  if (files.length === 0) return [];
  const { parseConfig } = await import("./parse.ts");
  const loaded: ConfigFile[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const parsed = parseConfig(file.text);
    if ("config" in parsed) loaded.push({ ...file, config: parsed.config });
    else problems.push(...problemLines(parsed.problems, displayPath(file.path, home)));
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

/** The parsed files, and the invalid ones. */
type ForBackends = { readonly files: readonly ConfigFile[]; readonly leftOut: readonly LeftOut[] };

/** Parses the global file and those that can set a backend. A file that is not valid is left out. */
export async function parseForBackends(
  files: readonly FileText[],
  home: string,
): Promise<ForBackends> {
  const speaking = files.filter(({ text }) => speaksOfBackends(text));
  // A list of containers needs no parser if no file sets a backend.
  if (speaking.length === 0) return { files: [], leftOut: [] };
  const { parseConfig } = await import("./parse.ts");
  const leftOut: LeftOut[] = [];
  const parsed = files
    .filter((file) => file.global || speaking.includes(file))
    .flatMap((file) => {
      const result = parseConfig(file.text);
      if ("config" in result) return [{ ...file, config: result.config }];
      const why = `${displayPath(file.path, home)} is not valid`;
      leftOut.push({ why, next: "to see why: silo config show" });
      return [];
    });
  return { files: parsed, leftOut };
}

/** Problems of a file as `name:line:column: message`. */
export function problemLines(problems: readonly Problem[], name: string): readonly string[] {
  return problems.map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`);
}
