import type { Place, Threat } from "./threats.ts";

/** Whether silo withstood an attack, and whether it succeeds without silo's protection. */
export type Outcome = { readonly holds?: boolean; readonly bites?: boolean };

/** The columns of the table, in its order. */
export const PLACES: readonly Place[] = ["docker", "podman", "container", "bwrap", "fly", "host"];

const row = (...cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;

const lines = (head: readonly string[], rows: readonly string[]) =>
  [row(...head), `|${head.map(() => "---|").join("")}`, ...rows].join("\n");

function word(threat: Threat, place: Place, outcome: Outcome | undefined): string {
  if (!threat.on.includes(place)) return "";
  if (outcome?.holds === undefined) return "not run";
  if (!outcome.holds) return "FAILED";
  return outcome.bites === false ? "holds, unproven" : "holds";
}

/** The table of threats by backend with the test results. The keys of `results` are the threat's name, a NUL and the place. */
export function resultTable(
  threats: readonly Threat[],
  results: ReadonlyMap<string, Outcome>,
): string {
  const used = PLACES.filter((place) => threats.some(({ on }) => on.includes(place)));
  const rows = threats.map((threat) =>
    row(
      threat.name,
      ...used.map((place) => word(threat, place, results.get(`${threat.name}\0${place}`))),
    ),
  );
  return lines(["attack", ...used], rows);
}

/** The table of SECURITY.md: each attack, silo's defence, its test, and published vulnerabilities of the same kind. */
export function threatTable(threats: readonly Threat[]): string {
  const rows = threats.map(({ name, silo, on, file, sisters }) => {
    const test = file.replace(/^.*\//, "").replace(/\.test\.ts$/, "");
    return row(name, silo, on.join(", "), `[${test}](test/${file})`, sisters.join(", "));
  });
  return lines(["Attack", "What silo does", "On", "Test", "Same kind elsewhere"], rows);
}
