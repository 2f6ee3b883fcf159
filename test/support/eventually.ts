/** Waits until something holds. @throws where it does not within a minute, which is no measure of speed. */
export async function eventually(what: string, holds: () => boolean, everyMs = 10): Promise<void> {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await Bun.sleep(everyMs);
  }
}
