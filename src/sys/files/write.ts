import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, rename, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, errorText, SiloError } from "../../errors.ts";

/** Creates a file and its directories. @returns false if it exists; it is never overwritten. */
export async function createFile(path: string, text: string, mode: number): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, text, { mode, flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw new SiloError(`cannot write ${path}: ${errorText(error)}`, {
      hint: `ls -ld ${dirname(path)}`,
    });
  }
}

/** A name beside a path, for a file that is renamed to it once it is whole. */
const beside = (path: string) => `${path}.silo-${crypto.randomUUID()}`;

/**
 * Writes a file beside the path and renames it, so that a reader sees the old or the new file and never a part. A link
 * there is replaced, not followed.
 * @throws the system's error.
 */
export async function renameInto(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const temporary = beside(path);
  try {
    await writeFile(temporary, content, { mode, flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/**
 * As `renameInto`, for one of silo's own small files; makes its directory. Synchronous, because that takes a tenth of
 * the time of waking the threads that would do it aside.
 * @throws the system's error.
 */
export function replaceOwn(path: string, text: string): void {
  const temporary = beside(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** As `renameInto`. @throws SiloError where the file cannot be written. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  try {
    await renameInto(path, text, mode);
  } catch (error) {
    throw new SiloError(`cannot write ${path}: ${errorText(error)}`, {
      hint: `ls -ld ${dirname(path)}`,
    });
  }
}
