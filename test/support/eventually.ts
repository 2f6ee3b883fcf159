/** Timeout that suffices on a busy machine. Durations are checked by `npm run bench`, not by tests. */
export const PATIENCE_MS = 120_000;

/** Waits until a condition is true. @throws Error after the timeout. */
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
