import {
  loadFiles,
  loadForBackends,
  speaksOfBackends,
  type ConfigFile,
  type LeftOut,
  type Read,
} from "../config/load.ts";
import { mergeConfig } from "../config/merge.ts";
import type { Config } from "../core/config.ts";
import type { RealPath } from "./record.ts";
import { readSettings } from "../sys/files/read.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";
import { tell } from "../ui/tell.ts";

/** The configuration of a run, and where the mounts of a project's files led when they were checked. */
export type Trusted = { readonly config: Config; readonly mounts: readonly RealPath[] };

/**
 * The configuration of a run: every file of it is approved, or asks for nothing.
 * @throws SiloError where one is not valid, cannot be read, or is not and was not now approved.
 */
export async function trustedConfig(here: HostEnvironment): Promise<Trusted> {
  const leftOut: LeftOut[] = [];
  const files = await loadFiles(here, settingsReader(here, leftOut));
  await tell("warn", leftOut.map(leftOutText));
  // Most runs have the global file alone and never pay for this.
  if (files.every(({ global }) => global))
    return { config: mergeConfig(files, here.env), mounts: [] };
  const { ensureApproved } = await import("./approve.ts");
  const mounts = await ensureApproved(files, here);
  return { config: mergeConfig(files, here.env), mounts };
}

/**
 * The configuration for commands that only query the backends: the global file, and a project's where a run would obey
 * it without a question. Whatever else a project holds is left out, since a file that a tool has just written must not
 * keep its user from listing and removing containers. One warning names what is left out where it could set a backend.
 */
export async function backendConfig(here: HostEnvironment): Promise<Config> {
  const leftOut: LeftOut[] = [];
  const leaveOut = (file: LeftOut) => void leftOut.push(file);
  const read = settingsReader(here, leftOut, speaksOfBackends);
  const files = await loadForBackends(here, read, leaveOut);
  const obeyed = files.every(({ global }) => global)
    ? files
    : await import("./approve.ts").then(({ obeyedFiles }) => obeyedFiles(files, here, leaveOut));
  if (leftOut.length > 0) await tell("warn", [allLeftOutText(leftOut)]);
  return mergeConfig(obeyed, here.env);
}

export const leftOutText = ({ why, next }: LeftOut) => `${why}, so it is ignored; ${next}`;

function allLeftOutText(files: readonly LeftOut[]): string {
  const [first] = files;
  if (files.length === 1 && first !== undefined) return leftOutText(first);
  const reasons = files.map(({ why, next }) => `${why} (${next})`);
  return `${files.length} configuration files are ignored: ${reasons.join("; ")}`;
}

/**
 * The configuration that would be obeyed without a question, for commands that only tell.
 * @returns all the files too, and those of them that wait for an approval.
 */
export async function approvedConfig(
  here: HostEnvironment,
): Promise<{ config: Config; files: readonly ConfigFile[]; waiting: readonly ConfigFile[] }> {
  const leftOut: LeftOut[] = [];
  const files = await loadFiles(here, settingsReader(here, leftOut));
  await tell("warn", leftOut.map(leftOutText));
  const { trustsAll, unapprovedFiles } = await import("./approve.ts");
  const waiting = trustsAll(here)
    ? []
    : (await unapprovedFiles(files, here)).map(({ file }) => file);
  const obeyed = files.filter((file) => !waiting.includes(file));
  return { config: mergeConfig(obeyed, here.env), files, waiting };
}

/** Reads whatever file exists, for commands that only name the files. */
export const anyText: Read = async (path) =>
  await readSettings(path).then(
    (found) => found?.text,
    () => "",
  );

/**
 * Reads the user's files. A project's file that belongs to somebody else is as if it were not there, whatever it is,
 * unless this content of it was approved.
 * @param leftOut gets each file that is left out so, where its text `matters`.
 */
export function settingsReader(
  here: HostEnvironment,
  leftOut: LeftOut[],
  matters: (text: string) => boolean = () => true,
): Read {
  return async (path, global) => {
    if (global) return (await readSettings(path))?.text;
    try {
      const found = await readSettings(path);
      if (found === undefined || (await isYours(path, here, found.uid))) return found?.text;
      const { isKnownContent, foreignFile } = await import("./foreign-files.ts");
      if (await isKnownContent(path, found.text, here)) return found.text;
      if (matters(found.text)) leftOut.push(foreignFile(path, here, found.uid));
      return undefined;
    } catch (error) {
      if (await isYours(path, here)) throw error;
      const { foreignFile } = await import("./foreign-files.ts");
      leftOut.push(foreignFile(path, here, undefined));
      return undefined;
    }
  };
}

/** Whether a file belongs to this user or to the owner of the working directory, as git has it for repositories. */
async function isYours(path: string, { cwd }: HostEnvironment, owner?: number): Promise<boolean> {
  const { ownedBy } = await import("../sys/git/repository.ts");
  return ownedBy(path, cwd, owner);
}
