/** One line of `silo doctor`. */
export type Diagnostic = {
  readonly check: string;
  /** `off`: not installed, and not needed. */
  readonly state: "ok" | "warn" | "bad" | "off";
  readonly detail: string;
  /** The command that fixes it. */
  readonly fix?: string;
};
