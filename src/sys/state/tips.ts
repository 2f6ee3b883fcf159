import { mkdir, writeFile } from "node:fs/promises";
import type { Note } from "../../core/types.ts";

/** Those of the notes that were never told on this machine; they count as told from now on. */
export async function untold(state: string, notes: readonly Note[]): Promise<readonly Note[]> {
  if (notes.length === 0) return [];
  const directory = `${state}/silo/told`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const fresh = await Promise.all(
    notes.map(async ({ id }) => {
      try {
        await writeFile(`${directory}/${id}`, "", { flag: "wx", mode: 0o600 });
        return true;
      } catch {
        return false;
      }
    }),
  );
  return notes.filter((_, i) => fresh[i]);
}
