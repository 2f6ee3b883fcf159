import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { errorCode, errorText, SiloError } from "../errors.ts";

/** No file of silo's comes near it. */
const LARGEST = 4 << 20;
/** What runs inside may have put a pipe in the file's place, whose writer never comes. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Text of a file, or undefined where there is none. Read at once: for a few small files that takes a
 * tenth of the time of waking up the threads that would do it aside.
 * @throws SiloError for one that cannot be read, is no regular file or larger than 4 MiB.
 */
export async function readText(path: string): Promise<string | undefined> {
  try {
    const file = openSync(path, FLAGS);
    try {
      const found = fstatSync(file);
      if (found.isDirectory()) throw unreadable(path, "it is a directory");
      if (!found.isFile()) throw unreadable(path, "it is no regular file");
      if (found.size > LARGEST) throw unreadable(path, "it is larger than 4 MiB");
      return readFileSync(file, "utf8");
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error instanceof SiloError ? error : unreadable(path, errorText(error));
  }
}

function unreadable(path: string, why: string): SiloError {
  return new SiloError(`${path} cannot be read: ${why}`, { hint: `ls -ld ${path}` });
}
