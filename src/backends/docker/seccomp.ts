import { existsSync } from "node:fs";
import { PROFILE_DIGESTS } from "../../core/seccomp/digest.ts";
import type { Inhabitant } from "../../core/seccomp/inhabitant.ts";

/** The path of the engine's seccomp profile below the cache directory; its name says its content. */
export function profilePath(cache: string, inhabitant: Inhabitant): string {
  return `${cache}/silo/seccomp-${PROFILE_DIGESTS[inhabitant].slice(0, 16)}.json`;
}

/**
 * Writes the profile where it is not there yet; otherwise this costs a single system call.
 * The directory is silo's own, which every sandbox sees read-only or not at all.
 * @throws SiloError where it cannot be written: a run without it would be less confined than the user was told.
 */
export async function ensureProfile(path: string, inhabitant: Inhabitant): Promise<void> {
  if (existsSync(path)) return;
  const [{ mkdir }, { dirname }, { engineProfile }, { replaceFile }] = await Promise.all([
    import("node:fs/promises"),
    import("node:path"),
    import("../../core/seccomp/profile.ts"),
    import("../../sys/files/write.ts"),
  ]);
  // Its failure is told by the write that follows.
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => {});
  await replaceFile(path, engineProfile(inhabitant), 0o644);
}
