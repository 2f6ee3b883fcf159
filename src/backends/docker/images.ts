import { capture } from "../../sys/process/process.ts";
import type { ImageInfo } from "../backend.ts";
import { label } from "../engine/labels.ts";
import type { DockerSettings } from "./settings.ts";
import { engineError } from "./errors.ts";
import { ask } from "./list.ts";
import { createdAt, rows, textOf, type Row } from "./rows.ts";

export const IMAGES_ARGS = [
  "image",
  "ls",
  "--filter",
  `label=${label("managed", "1")}`,
  "--no-trunc",
  "--format",
  "{{json .}}",
] as const;

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `1.24GB`, as docker and podman write sizes (units of 1000), in bytes. */
export function sizeInBytes(written: string): number {
  const [, number = "0", unit = "B"] = /^([\d.]+) ?([kMGT]?B)$/.exec(written) ?? [];
  return Math.round(Number(number) * 1000 ** Math.max(0, UNITS.indexOf(unit)));
}

/** A row of `docker image ls` as silo speaks of it. */
export function image(row: Row): ImageInfo {
  // Podman has the names whole, Docker in two parts.
  const [repository = "", tag = ""] =
    row["Names"] === undefined
      ? [textOf(row, "Repository"), textOf(row, "Tag")]
      : textOf(row, "Names").split(":");
  const tagged = ![repository, tag].some((part) => part === "" || part === "<none>");
  const size = row["Size"];
  return {
    reference: tagged ? `${repository}:${tag}` : textOf(row, "ID") || textOf(row, "Id"),
    tool: repository.startsWith("silo-") ? repository.slice("silo-".length) : "",
    size: typeof size === "number" ? size : sizeInBytes(textOf(row, "Size")),
    created: createdAt(row),
  };
}

export async function images(settings: DockerSettings): Promise<readonly ImageInfo[]> {
  return rows(await ask(settings, IMAGES_ARGS)).map(image);
}

/** One by one, so that one in use keeps none of the others. */
export async function removeImages(
  { command }: DockerSettings,
  references: readonly string[],
): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const reference of references) {
    const { code, stderr } = await capture({ bin: command, args: ["image", "rm", reference] });
    if (code === 0 || /no such image|image not known/i.test(stderr)) continue;
    if (!/conflict|in use|being used/i.test(stderr))
      throw engineError(stderr, "removing the image");
    kept.push(reference);
  }
  return kept;
}
