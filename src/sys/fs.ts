import { readFileSync, statSync } from "node:fs";
import { errorCode, errorText, SiloError } from "../errors.ts";

/** More than any configuration. */
const LARGEST = 1 << 20;

/**
 * Text of a file, or undefined where there is none. Read at once: for a few small files that takes a
 * tenth of the time of waking up the threads that would do it aside.
 * @throws SiloError for one that cannot be read, is no regular file or larger than 1 MiB.
 */
export async function readText(path: string): Promise<string | undefined> {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (found.isDirectory()) throw new SiloError("it is a directory");
    // A pipe would wait for its writer, a device could be endless.
    if (!found.isFile()) throw new SiloError("it is no regular file");
    if (found.size > LARGEST) throw new SiloError("it is larger than 1 MiB");
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new SiloError(`${path} cannot be read: ${errorText(error)}`, { hint: `ls -ld ${path}` });
  }
}
