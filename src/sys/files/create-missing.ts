import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Creation } from "../../core/types.ts";
import { errorCode, errorText, SiloError } from "../../errors.ts";

/**
 * Creates a tool's missing paths: directories with mode 0700, `.json` files with the text `{}` and mode 0600.
 * Existing paths are never changed.
 */
export async function createMissing(creations: readonly Creation[]): Promise<void> {
  for (const { path, kind } of creations) {
    try {
      await mkdir(kind === "dir" ? path : dirname(path), { recursive: true, mode: 0o700 });
      if (kind === "file") await writeFile(path, "{}\n", { mode: 0o600, flag: "wx" });
    } catch (error) {
      if (errorCode(error) === "EEXIST") continue;
      throw new SiloError(`cannot create ${path} for the tool: ${errorText(error)}`, {
        hint: `mkdir -p ${dirname(path)}`,
      });
    }
  }
}
