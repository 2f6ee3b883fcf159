const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

/** How long ago something was, in its largest unit: `3 minutes ago`; empty if unknown. */
export function ageText(created: string | undefined, now: number): string {
  const age = now - Date.parse(created ?? "");
  if (Number.isNaN(age)) return "";
  const [unit, length] = UNITS.find(([, ms]) => age >= ms) ?? ["second", 1000];
  const count = Math.max(0, Math.floor(age / length));
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}
