import { list, object, text, type Json } from "../../core/json.ts";
import type { ImageInfo, Instance } from "../backend.ts";
import { LABEL, readLabels } from "../engine/labels.ts";

/** Parses the output of `--format json`. */
export function rows(stdout: string): readonly Json[] {
  return stdout.trim() === "" ? [] : list(JSON.parse(stdout));
}

/** A date in ISO 8601, from seconds since 2001 (Swift dates, 0.8 to 0.12) or ISO 8601. */
function date(value: unknown): string | undefined {
  const EPOCH_2001 = Date.UTC(2001, 0, 1);
  if (typeof value === "number") return new Date(EPOCH_2001 + value * 1000).toISOString();
  return text(value) === "" ? undefined : text(value);
}

/** Parses a row of `container ls`. The state is in `status.state` since 1.0, and in `status` before. */
export function containerOf(row: Json): Instance {
  const configuration = object(row["configuration"]);
  const status = row["status"];
  const state = typeof status === "string" ? status : text(object(status)["state"]);
  const started = typeof status === "string" ? row["startedDate"] : object(status)["startedDate"];
  const name = text(row["id"]) || text(configuration["id"]);
  return {
    id: name,
    name,
    image: text(object(configuration["image"])["reference"]),
    backend: "container",
    status: state,
    running: state === "running" || state === "stopping",
    ...readLabels(object(configuration["labels"])),
    created: date(configuration["creationDate"]) ?? date(started),
  };
}

/** Parses a row of `container image list`. The fields are in `configuration` since 1.0, and at the top level before. */
export function imageOf(row: Json): ImageInfo | undefined {
  const configuration = object(row["configuration"]);
  const variants = list(row["variants"]);
  const labels = variants.map((variant) =>
    object(object(object(variant["config"])["config"])["Labels"]),
  );
  const own = labels.find((found) => found[LABEL.managed] === "1");
  if (own === undefined) return undefined;
  return {
    reference: text(configuration["name"]) || text(row["name"]),
    tool: readLabels(own).tool,
    size: variants.reduce((sum, { size }) => sum + (typeof size === "number" ? size : 0), 0),
    created: date(configuration["creationDate"]),
  };
}

/** Parses the builder's size (`container builder status --format json`): CPUs and MiB. */
export function builderOf(stdout: string): { cpus: number; memoryMb: number } | undefined {
  const resources = object(object(rows(stdout)[0]?.["configuration"])["resources"]);
  const { cpus, memoryInBytes } = resources;
  if (typeof cpus !== "number" || typeof memoryInBytes !== "number") return undefined;
  return { cpus, memoryMb: Math.floor(memoryInBytes / 1024 ** 2) };
}
