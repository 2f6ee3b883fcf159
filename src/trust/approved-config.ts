import { parseFiles, parseForBackends, type ConfigFile, type LeftOut } from "../config/load.ts";
import { mergeConfig } from "../config/merge.ts";
import type { Config } from "../core/config.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";
import { log } from "../ui/log.ts";
import { readFiles } from "./read-files.ts";
import type { RealPath } from "./record.ts";

/**
 * The purpose of the configuration.
 * `run`: asks for any approval that is missing, and fails without it.
 * `query`: listing and removing containers. Ignores files that need approval or have errors, because a file that a tool
 * has just written must not block these commands.
 * `report`: ignores files that are not approved, and names them.
 */
export type ConfigUse = "run" | "query" | "report";

/** The merged configuration of the files that need no approval or have one. */
export type ApprovedConfig = {
  readonly config: Config;
  /** Every file that was parsed, in load order. */
  readonly files: readonly ConfigFile[];
  /** Those of the files that are ignored until they are approved. */
  readonly waiting: readonly ConfigFile[];
  /** The mounts of project files with their real paths when they were checked; for `run` only. */
  readonly mounts: readonly RealPath[];
};

/**
 * Loads the configuration that applies here. Every use of it starts with this function.
 * @throws SiloError if a file is invalid or cannot be read, or if a run lacks an approval; never for a query.
 */
export async function loadApproved(here: HostEnvironment, use: ConfigUse): Promise<ApprovedConfig> {
  if (use === "query") return await loadForQuery(here);
  const { files: texts, leftOut } = await readFiles(here);
  await log.warn(...leftOut.map(leftOutText));
  const files = await parseFiles(texts, here.home);
  // Most runs have the global file alone and never load the code for approvals.
  if (isGlobalOnly(files)) return merged(files, [], here);
  if (use === "run") {
    const { ensureApproved } = await import("./approve.ts");
    const mounts = await ensureApproved(files, here);
    return { ...merged(files, [], here), mounts };
  }
  const [{ trustsAll }, { unapprovedFiles }] = await Promise.all([
    import("./context.ts"),
    import("./check-files.ts"),
  ]);
  const open = trustsAll(here) ? [] : await unapprovedFiles(files, here);
  return merged(
    files,
    open.map(({ file }) => file),
    here,
  );
}

/** One warning names every file that is ignored and could set a backend. */
async function loadForQuery(here: HostEnvironment): Promise<ApprovedConfig> {
  const read = await readFiles(here, true);
  const parsed = await parseForBackends(read.files, here.home);
  const leftOut = [...read.leftOut, ...parsed.leftOut];
  let waiting: readonly ConfigFile[] = [];
  if (!isGlobalOnly(parsed.files)) {
    const { filesToIgnore } = await import("./check-files.ts");
    const ignored = await filesToIgnore(parsed.files, here);
    waiting = ignored.files;
    leftOut.push(...ignored.leftOut);
  }
  if (leftOut.length > 0) await log.warn(allLeftOutText(leftOut));
  return merged(parsed.files, waiting, here);
}

const isGlobalOnly = (files: readonly ConfigFile[]) => files.every(({ global }) => global);

function merged(
  files: readonly ConfigFile[],
  waiting: readonly ConfigFile[],
  { env }: HostEnvironment,
): ApprovedConfig {
  const applying = files.filter((file) => !waiting.includes(file));
  return { config: mergeConfig(applying, env), files, waiting, mounts: [] };
}

export const leftOutText = ({ why, next }: LeftOut) => `${why}, so it is ignored; ${next}`;

function allLeftOutText(files: readonly LeftOut[]): string {
  const [first] = files;
  if (files.length === 1 && first !== undefined) return leftOutText(first);
  const reasons = files.map(({ why, next }) => `${why} (${next})`);
  return `${files.length} configuration files are ignored: ${reasons.join("; ")}`;
}
