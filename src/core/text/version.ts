/** Whether a version is `least` or newer. Compares number by number; text that is not a number is ignored. */
export function isAtLeast(version: string, least: string): boolean {
  const parts = (text: string) => (text.match(/\d+/g) ?? []).map(Number);
  const [own, wanted] = [parts(version), parts(least)];
  for (const [i, part] of wanted.entries()) {
    const ours = own[i] ?? 0;
    if (ours !== part) return ours > part;
  }
  return true;
}
