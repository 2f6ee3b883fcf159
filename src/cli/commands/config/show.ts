import { candidates } from "../../../config/files.ts";
import { parseFiles, type ConfigFile } from "../../../config/load.ts";
import { mergeConfig } from "../../../config/merge.ts";
import { configData, showConfig } from "../../../config/show.ts";
import { errorText } from "../../../errors.ts";
import { readEnvironment, type HostEnvironment } from "../../../sys/host/environment.ts";
import { hasColour } from "../../../ui/colour.ts";
import { log } from "../../../ui/log.ts";
import { printStdout } from "../../../ui/print.ts";
import type { Action } from "../../grammar/command.ts";
import type { JSON_OPTION, NO_OPTIONS, PATHS_OPTIONS } from "../../grammar/options.ts";
import { leftOutText } from "../../../trust/approved-config.ts";
import { existingPaths, readFiles } from "../../../trust/read-files.ts";

function shown(text: string): number {
  printStdout(text);
  return 0;
}

/** `silo config show`: prints the configuration, with unapproved settings marked. */
export const show: Action<typeof JSON_OPTION> = async ({ options }) => {
  const here = readEnvironment();
  const { files: texts, leftOut } = await readFiles(here);
  await log.warn(...leftOut.map(leftOutText));
  const files = await parseFiles(texts, here.home);
  const config = mergeConfig(files, here.env);
  if (options.json) return shown(JSON.stringify(configData(config), undefined, 2));
  const open = await unapprovedPaths(files, here);
  return shown(showConfig(config, here.home, hasColour(process.stdout), open));
};

/** The files that are not approved; none if the approvals cannot be read. */
async function unapprovedPaths(
  files: readonly ConfigFile[],
  here: HostEnvironment,
): Promise<ReadonlySet<string>> {
  if (!files.some(({ global }) => !global)) return new Set();
  const { unapprovedFiles } = await import("../../../trust/check-files.ts");
  try {
    return new Set((await unapprovedFiles(files, here)).map(({ file }) => file.path));
  } catch (error) {
    await log.warn(errorText(error));
    return new Set();
  }
}

/** `silo config default`: prints the built-in defaults. */
export const defaults: Action<typeof NO_OPTIONS> = async () =>
  shown(showConfig(mergeConfig([], {}), readEnvironment().home, false));

/** `silo config paths`: prints the paths of the files, including invalid ones. */
export const paths: Action<typeof PATHS_OPTIONS> = async ({ options }) => {
  const here = readEnvironment();
  const all = candidates(here.cwd, here.home, here.env);
  const existing = await existingPaths(here);
  const wanted = options.verbose ? all : existing;
  return wanted.length === 0 ? 0 : shown(wanted.join("\n"));
};

/** `silo config schema`: prints the JSON schema. */
export const schema: Action<typeof NO_OPTIONS> = async () => {
  const { default: text } = await import("../../../../silo.schema.json", {
    with: { type: "json" },
  });
  return shown(JSON.stringify(text, undefined, 2));
};
