/** An image that a project used. */
export type ImageUse = { readonly tag: string; readonly used: number };

/** Days that an image is kept after a project's last run. */
export const KEEP_DAYS = 30;

/**
 * The unused images: all except the last ones of projects that ran within a month. An image of an old tool version
 * becomes unused when a new version replaces it.
 * @param now ms since 1970.
 */
export function unusedImages(
  references: readonly string[],
  uses: readonly ImageUse[],
  now: number,
): readonly string[] {
  const fresh = uses.filter(({ used }) => now - used < KEEP_DAYS * 86_400_000);
  const kept = new Set(fresh.map(({ tag }) => tag));
  return references.filter((reference) => !kept.has(reference));
}

/** The caches of directories that were not used for a month or no longer exist. */
export function unusedCaches<T extends { readonly key: string }>(
  caches: readonly T[],
  projects: readonly { readonly key: string; readonly uses: readonly ImageUse[] }[],
  now: number,
): readonly T[] {
  const fresh = projects.filter(({ uses }) =>
    uses.some(({ used }) => now - used < KEEP_DAYS * 86_400_000),
  );
  const kept = new Set(fresh.map(({ key }) => key));
  return caches.filter(({ key }) => !kept.has(key));
}

/** A number of bytes as text: `1.2 GB`. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const number = bytes / 1000 ** step;
  return `${step === 0 || number >= 100 ? Math.round(number) : number.toFixed(1)} ${units[step]}`;
}
