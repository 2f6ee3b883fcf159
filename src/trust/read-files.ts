import { candidates, speaksOfBackends } from "../config/files.ts";
import type { FileText, LeftOut } from "../config/load.ts";
import { SiloError } from "../errors.ts";
import { readSettings } from "../sys/files/read.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";

/** The configuration files that may apply, in load order, and the ignored ones with the reason. */
export type FilesRead = {
  readonly files: readonly FileText[];
  readonly leftOut: readonly LeftOut[];
};

type Found = FileText | LeftOut | undefined;

/**
 * Reads the global file and those of the working directory and above. A project's file that belongs to another user is
 * left out, unless its content was approved.
 * @param forQuery leaves out a file that cannot be read instead of throwing, and reports another user's file only if
 * it can set a backend.
 * @throws SiloError if one of the user's own files cannot be read.
 */
export async function readFiles(here: HostEnvironment, forQuery = false): Promise<FilesRead> {
  const all = await Promise.all(
    candidates(here.cwd, here.home, here.env).map((path, i) => {
      const found = readOne(path, i === 0, here, forQuery);
      return forQuery ? found.catch((error: unknown) => unreadable(path, error)) : found;
    }),
  );
  const found = all.filter((each) => each !== undefined);
  return {
    files: found.filter((each) => "text" in each),
    leftOut: found.filter((each) => "why" in each),
  };
}

function unreadable(path: string, error: unknown): LeftOut {
  if (!(error instanceof SiloError)) throw error;
  return { why: error.message, next: `to see it: ls -ld ${path}` };
}

async function readOne(
  path: string,
  global: boolean,
  here: HostEnvironment,
  forQuery: boolean,
): Promise<Found> {
  if (global) {
    const text = (await readSettings(path))?.text;
    return text === undefined ? undefined : { path, text, global };
  }
  try {
    const found = await readSettings(path);
    if (found === undefined) return undefined;
    const { text, uid } = found;
    if (await isYours(path, here, uid)) return { path, text, global };
    const { isKnownContent, foreignFile } = await import("./foreign-files.ts");
    if (await isKnownContent(path, text, here)) return { path, text, global };
    return forQuery && !speaksOfBackends(text) ? undefined : foreignFile(path, here, uid);
  } catch (error) {
    if (await isYours(path, here)) throw error;
    const { foreignFile } = await import("./foreign-files.ts");
    return foreignFile(path, here, undefined);
  }
}

/** Whether a file belongs to this user or to the owner of the working directory, as git's safe.directory has it. */
async function isYours(path: string, { cwd }: HostEnvironment, owner?: number): Promise<boolean> {
  const { ownedBy } = await import("../sys/git/repository.ts");
  return ownedBy(path, cwd, owner);
}

/** Paths of the configuration files that exist, including unreadable ones and those of other users. */
export async function existingPaths(here: HostEnvironment): Promise<readonly string[]> {
  const paths = candidates(here.cwd, here.home, here.env);
  const exists = await Promise.all(
    paths.map((path) =>
      readSettings(path).then(
        (found) => found !== undefined,
        () => true,
      ),
    ),
  );
  return paths.filter((_, i) => exists[i]);
}
