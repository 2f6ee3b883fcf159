import { readFile } from "node:fs/promises";
import { errorCode, errorText, SiloError } from "../errors.ts";

/** Text of a file, or undefined where there is none. @throws SiloError for one that cannot be read. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const why = code === "EISDIR" ? "it is a directory" : errorText(error);
    throw new SiloError(`${path} cannot be read: ${why}`, { hint: `ls -ld ${path}` });
  }
}
