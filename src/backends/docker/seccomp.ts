import { existsSync } from "node:fs";
import { PROFILE_DIGESTS } from "../../core/seccomp/digest.ts";
import type { Inhabitant } from "../../core/seccomp/inhabitant.ts";

/** Path of the engine's seccomp profile in the cache directory; the name contains the hash of the content. */
export function profilePath(cache: string, inhabitant: Inhabitant): string {
  return `${cache}/silo/seccomp-${PROFILE_DIGESTS[inhabitant].slice(0, 16)}.json`;
}

/**
 * Writes the profile if it does not exist yet; otherwise this costs a single system call. Guests cannot change it,
 * because they see silo's own directory read-only or not at all.
 * @throws SiloError if it cannot be written, because a run without it would be less isolated than documented.
 */
export async function ensureProfile(path: string, inhabitant: Inhabitant): Promise<void> {
  if (existsSync(path)) return;
  const [{ mkdir }, { dirname }, { engineProfile }, { replaceFile }] = await Promise.all([
    import("node:fs/promises"),
    import("node:path"),
    import("../../core/seccomp/profile.ts"),
    import("../../sys/files/write.ts"),
  ]);
  // If this fails, the write below reports the error.
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => {});
  await replaceFile(path, engineProfile(inhabitant), 0o644);
}
