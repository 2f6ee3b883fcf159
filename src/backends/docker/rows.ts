/** A row of a list that an engine prints as JSON. */
export type Row = Readonly<Record<string, unknown>>;

/** Parses the output of `--format '{{json .}}'`: Docker prints one object per line, podman 4 one array. */
export function rows(stdout: string): readonly Row[] {
  if (stdout.trimStart().startsWith("[")) return JSON.parse(stdout) as Row[];
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
}

/** A field as text. Podman has arrays of names, of which the first counts, and prefixes local images with `localhost/`. */
export function textOf(row: Row, key: string): string {
  const value: unknown = row[key];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" ? first.replace(/^localhost\//, "") : "";
}

/** The creation time in ISO 8601, from `2026-11-24 05:38:01 +0000 UTC` (Docker) or seconds since 1970 (podman). */
export function createdAt(row: Row): string | undefined {
  const seconds = row["Created"];
  if (typeof seconds === "number") return new Date(seconds * 1000).toISOString();
  const written = textOf(row, "CreatedAt");
  const [, date, time, zone] = /^(\S+) (\S+?)(?:\.\d+)? ([+-]\d{4})/.exec(written) ?? [];
  const ms = Date.parse(`${date}T${time}${zone?.slice(0, 3)}:${zone?.slice(3)}`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** Parses the labels: `a=1,b=2` (Docker) or an object (podman). */
export function labelsOf(row: Row): Readonly<Record<string, string>> {
  const value = row["Labels"];
  if (typeof value === "object" && value !== null) return value as Record<string, string>;
  const pairs = (typeof value === "string" ? value : "").split(",").map((pair) => pair.split("="));
  return Object.fromEntries(pairs.map(([key = "", ...rest]) => [key, rest.join("=")]));
}
