import { rm, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { SiloError } from "../../errors.ts";
import { readText } from "./read.ts";
import { statOf } from "./peek.ts";
import { createFile, replaceFile } from "./write.ts";

/** A file that the user's editor has open. */
export type EditCopy = {
  /** The path that the editor opens. */
  readonly path: string;
  /** Writes the text to the file. Call either this or `discard`. */
  readonly save: (text: string) => Promise<void>;
  readonly discard: () => Promise<void>;
};

/** Edits the file itself, created from `start` if it is new; `discard` deletes a new one. */
export async function editInPlace(path: string, start: string): Promise<EditCopy> {
  const made = await createFile(path, start, 0o600);
  return {
    path,
    save: () => Promise.resolve(),
    discard: async () => {
      if (made) await unlink(path).catch(() => {});
    },
  };
}

/**
 * Edits a private copy that replaces the file when the user is done, because a tool that runs in the project can write
 * the file at any moment, and its text would pass for the user's.
 */
export async function editPrivately(
  path: string,
  before: string | undefined,
  start: string,
  state: string,
): Promise<EditCopy> {
  const copy = `${state}/silo/edit-${crypto.randomUUID()}/silo.jsonc`;
  await createFile(copy, start, 0o600);
  const discard = () => rm(dirname(copy), { recursive: true, force: true });
  return {
    path: copy,
    save: async (text) => {
      if ((await readText(path)) !== before) {
        throw new SiloError(`${path} was changed by another program while you edited it`, {
          hint: `diff ${copy} ${path}   # the first one is yours`,
        });
      }
      const mode = statOf(path)?.mode ?? 0o644;
      await replaceFile(path, text, mode & 0o777);
      await discard();
    },
    discard,
  };
}
