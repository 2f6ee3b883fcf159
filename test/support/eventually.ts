/** Long enough for a busy machine: how long something takes is held by `npm run bench`, not by tests. */
export const PATIENCE_MS = 120_000;

/** Waits until something holds. @throws Error if it does not within the limit. */
export async function eventually(
  what: string,
  holds: () => boolean,
  limitMs = PATIENCE_MS,
  everyMs = 20,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await Bun.sleep(everyMs);
  }
}
