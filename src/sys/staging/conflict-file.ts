import { writeFile } from "node:fs/promises";
import { errorCode } from "../../errors.ts";

/** Limit of conflicts in one second, far above real use. */
const MOST = 10_000;

/**
 * Saves a version of a host file that would otherwise be lost, as `<file>.silo-conflict-<time>`.
 * @returns the warning for the user.
 * @throws if the directory cannot be written.
 */
export async function saveBeside(host: string, saved: Uint8Array): Promise<string> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  for (let i = 0; ; i += 1) {
    const path = `${host}.silo-conflict-${time}${i === 0 ? "" : `-${i}`}`;
    try {
      await writeFile(path, saved, { mode: 0o600, flag: "wx" });
      return `${host} was changed on the host and by the tool; the tool's version is saved as ${path}`;
    } catch (error) {
      if (i === MOST || errorCode(error) !== "EEXIST") throw error;
    }
  }
}
