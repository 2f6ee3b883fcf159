/** What `silo doctor` found out about one thing. */
export type Finding = {
  readonly check: string;
  /** `off`: not there, and nobody needs it. */
  readonly state: "ok" | "warn" | "bad" | "off";
  readonly detail: string;
  /** The command that mends it. */
  readonly mend?: string;
};

/** Whether a version is at least another; by number, part by part, and what is no number counts as none. */
export function atLeast(version: string, least: string): boolean {
  const parts = (text: string) => (text.match(/\d+/g) ?? []).map(Number);
  const [own, wanted] = [parts(version), parts(least)];
  for (const [i, part] of wanted.entries()) {
    const ours = own[i] ?? 0;
    if (ours !== part) return ours > part;
  }
  return true;
}
