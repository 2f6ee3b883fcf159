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

/** A temporary name next to a path, for a file that is renamed to it when it is complete. */
const beside = (path: string) => `${path}.silo-${crypto.randomUUID()}`;

/**
 * Replaces a file atomically: writes a temporary file next to it and renames that. A link at the path is replaced, not
 * followed.
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
 * As `renameInto`, for silo's own small files; creates the directory. Synchronous, because waking the threads of the
 * asynchronous calls takes ten times as long.
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

/** As `renameInto`. @throws SiloError if the file cannot be written. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  try {
    await renameInto(path, text, mode);
  } catch (error) {
    throw new SiloError(`cannot write ${path}: ${errorText(error)}`, {
      hint: `ls -ld ${dirname(path)}`,
    });
  }
}
