import { mkdir, rename, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, errorText, SiloError } from "../../errors.ts";

/** Makes a file and the directories above it. @returns false where there is one already: it is never overwritten. */
export async function createFile(path: string, text: string, mode: number): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, text, { mode, flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw new SiloError(`${path} could not be written: ${errorText(error)}`, {
      hint: `ls -ld ${dirname(path)}`,
    });
  }
}

/** Puts a file in place whole or not at all; a link there is replaced, not followed. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await writeFile(temporary, text, { mode, flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw new SiloError(`${path} could not be written: ${errorText(error)}`, {
      hint: `ls -ld ${dirname(path)}`,
    });
  }
}
