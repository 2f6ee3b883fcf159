import type { Cache, RunPlan } from "../../core/types.ts";
import { capture } from "../../sys/process/process.ts";
import type { CacheInfo } from "../backend.ts";
import { cacheLabels, label, LABEL, labelArgs, pairs } from "../engine/labels.ts";
import type { DockerSettings } from "./settings.ts";
import { dialectOf } from "./dialect.ts";
import { engineError } from "./errors.ts";
import { dockerOutput } from "./list.ts";
import { createdAt, labelsOf, rows, textOf } from "./rows.ts";

/** The volume name of a cache. A new volume gets its content and owner from the image. */
function volumeName(plan: RunPlan, { key, name }: Cache): string {
  return `silo-${plan.project}-${key}-${name}`;
}

/** `--mount` arguments for the caches of a run; `docker run` creates missing volumes. */
export function cacheArgs(plan: RunPlan, settings: DockerSettings): readonly string[] {
  const { volumeLabels } = dialectOf(settings);
  return plan.caches.flatMap((cache) => {
    const own = volumeLabels
      ? pairs(cacheLabels(plan, cache)).map((pair) => `volume-label=${pair}`)
      : [];
    const fields = ["type=volume", `source=${volumeName(plan, cache)}`, `target=${cache.target}`];
    return ["--mount", [...fields, ...own].map(csvField).join(",")];
  });
}

/** Quotes a field of `--mount` (CSV) if it contains a comma, a quote or a line break. */
export function csvField(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Creates missing volumes before the run, for an engine whose `--mount` cannot label them. */
export async function makeVolumes(plan: RunPlan, settings: DockerSettings): Promise<void> {
  if (dialectOf(settings).volumeLabels) return;
  await Promise.all(
    plan.caches.map((cache) => {
      const flags = labelArgs(cacheLabels(plan, cache));
      const args = ["volume", "create", ...flags, volumeName(plan, cache)];
      // If this fails, the run reports the error.
      return capture({ bin: settings.command, args }).catch(() => {});
    }),
  );
}

/** Lists this user's caches on the engine. @throws SiloError if the engine fails. */
export async function caches(settings: DockerSettings): Promise<readonly CacheInfo[]> {
  const filters = [
    label("managed", "1"),
    label("user", String(process.getuid?.() ?? 0)),
    LABEL.cache,
  ];
  const list = filters.flatMap((filter) => ["--filter", `label=${filter}`]);
  const text = await dockerOutput(settings, ["volume", "ls", ...list, "--format", "{{json .}}"]);
  return rows(text).map((row) => ({
    reference: textOf(row, "Name"),
    key: labelsOf(row)[LABEL.cache] ?? "",
    created: createdAt(row),
  }));
}

/** Deletes caches. @returns those in use, which were kept. */
export async function removeCaches(
  { command }: DockerSettings,
  references: readonly string[],
): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const reference of references) {
    const { code, stderr } = await capture({ bin: command, args: ["volume", "rm", reference] });
    if (code === 0 || /no such volume|no volume with/i.test(stderr)) continue;
    if (!/in use|being used/i.test(stderr)) throw engineError(stderr, "removing the cache");
    kept.push(reference);
  }
  return kept;
}
