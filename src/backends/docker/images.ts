import { capture } from "../../sys/process/process.ts";
import type { ImageInfo } from "../backend.ts";
import { label } from "../engine/labels.ts";
import type { DockerSettings } from "./settings.ts";
import { engineError } from "./errors.ts";
import { dockerOutput } from "./list.ts";
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

/** Parses a size as docker and podman print it (`1.24GB`, units of 1000) into bytes. */
export function sizeInBytes(written: string): number {
  const [, number = "0", unit = "B"] = /^([\d.]+) ?([kMGT]?B)$/.exec(written) ?? [];
  return Math.round(Number(number) * 1000 ** Math.max(0, UNITS.indexOf(unit)));
}

/** Parses a row of `docker image ls`. */
export function image(row: Row): ImageInfo {
  // Podman prints `Names`, Docker `Repository` and `Tag`.
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

/** Lists the images that silo built. @throws SiloError if the engine fails. */
export async function images(settings: DockerSettings): Promise<readonly ImageInfo[]> {
  return rows(await dockerOutput(settings, IMAGES_ARGS)).map(image);
}

/** Deletes images one by one, because an image in use would fail the whole command. @returns those in use, which were kept. */
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
