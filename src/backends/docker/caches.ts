import type { Cache, RunPlan } from "../../core/types.ts";
import { capture } from "../../sys/process/process.ts";
import type { CacheInfo } from "../backend.ts";
import { cacheLabels, label, LABEL, labelArgs, pairs } from "../engine/labels.ts";
import type { DockerSettings } from "./settings.ts";
import { dialectOf } from "./dialect.ts";
import { engineError } from "./errors.ts";
import { ask } from "./list.ts";
import { createdAt, labelsOf, rows, textOf } from "./rows.ts";

/** A cache is a named volume, which the engine fills from the image, owner and all, when it makes it. */
function volumeName(plan: RunPlan, { key, name }: Cache): string {
  return `silo-${plan.project}-${key}-${name}`;
}

/** The volumes of a run, as `docker run` mounts them and makes those that are missing. */
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

/** One field of docker's CSV: quoted where it holds a comma, a quote or a line break. */
export function csvField(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Makes the volumes before the run, for an engine that could not label them then. One that is there stays as it is. */
export async function makeVolumes(plan: RunPlan, settings: DockerSettings): Promise<void> {
  if (dialectOf(settings).volumeLabels) return;
  await Promise.all(
    plan.caches.map((cache) => {
      const flags = labelArgs(cacheLabels(plan, cache));
      const args = ["volume", "create", ...flags, volumeName(plan, cache)];
      // Why it failed, the run says itself.
      return capture({ bin: settings.command, args }).catch(() => {});
    }),
  );
}

/** This user's caches on the engine. */
export async function caches(settings: DockerSettings): Promise<readonly CacheInfo[]> {
  const filters = [
    label("managed", "1"),
    label("user", String(process.getuid?.() ?? 0)),
    LABEL.cache,
  ];
  const list = filters.flatMap((filter) => ["--filter", `label=${filter}`]);
  const text = await ask(settings, ["volume", "ls", ...list, "--format", "{{json .}}"]);
  return rows(text).map((row) => ({
    reference: textOf(row, "Name"),
    key: labelsOf(row)[LABEL.cache] ?? "",
    created: createdAt(row),
  }));
}

/** Deletes caches. @returns those in use. */
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
