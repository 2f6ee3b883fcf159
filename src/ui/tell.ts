/** Tells each text in turn. What tells them is loaded by the first one, since most starts have nothing to tell. */
export async function tell(level: "info" | "warn", texts: readonly string[]): Promise<void> {
  if (texts.length === 0) return;
  const { log } = await import("./log.ts");
  for (const text of texts) log[level](text);
}
