import { mkdir, writeFile } from "node:fs/promises";
import type { Tip } from "../../core/types.ts";

/** The tips that this user has not been shown yet; marks them as shown. */
export async function unseenTips(state: string, tips: readonly Tip[]): Promise<readonly Tip[]> {
  if (tips.length === 0) return [];
  const directory = `${state}/silo/told`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const fresh = await Promise.all(
    tips.map(async ({ id }) => {
      try {
        await writeFile(`${directory}/${id}`, "", { flag: "wx", mode: 0o600 });
        return true;
      } catch {
        return false;
      }
    }),
  );
  return tips.filter((_, i) => fresh[i]);
}
