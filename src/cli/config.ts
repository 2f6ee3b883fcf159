import { loadFiles, type ConfigFile } from "../config/load.ts";
import { mergeConfig } from "../config/merge.ts";
import type { Config } from "../config/types.ts";
import { readText } from "../sys/fs.ts";
import type { Place } from "../sys/place.ts";

/** What a command does with the configuration: all that a run does, or only ask the backends. */
export type Use = "run" | "backends";

/**
 * The configuration to act upon: every file of it is approved, or asks for nothing.
 * @throws SiloError where one is not, and cannot be or was not approved now.
 */
export async function trustedConfig(here: Place, use: Use): Promise<Config> {
  const files = await loadFiles(here, readText, use === "backends" ? use : undefined);
  // Most runs have the global file alone and never pay for this.
  if (files.some(({ global }) => !global)) {
    const { ensureApproved } = await import("./trust.ts");
    await ensureApproved(files, here, use);
  }
  return mergeConfig(files, here.env);
}

/**
 * The configuration that would be obeyed without a question, for commands that only tell.
 * @returns all the files too, and those of them that wait for an approval.
 */
export async function approvedConfig(
  here: Place,
): Promise<{ config: Config; files: readonly ConfigFile[]; waiting: readonly ConfigFile[] }> {
  const files = await loadFiles(here, readText);
  const { trustsAll, unapprovedFiles } = await import("./trust.ts");
  const waiting = trustsAll(here)
    ? []
    : (await unapprovedFiles(files, here)).map(({ file }) => file);
  const obeyed = files.filter((file) => !waiting.includes(file));
  return { config: mergeConfig(obeyed, here.env), files, waiting };
}
