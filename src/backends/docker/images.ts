import { capture } from "../../sys/process.ts";
import type { ImageInfo } from "../backend.ts";
import type { DockerSettings } from "./args.ts";
import { engineError } from "./errors.ts";
import { ask, isoTime } from "./list.ts";

export const IMAGES_ARGS = [
  "image",
  "ls",
  "--filter",
  "label=silo.managed=1",
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

/** One line of `docker image ls --format '{{json .}}'`. */
export function parseImage(line: string): ImageInfo {
  const row = JSON.parse(line) as Record<string, unknown>;
  const text = (key: string) => (typeof row[key] === "string" ? row[key] : "");
  const repository = text("Repository").replace(/^localhost\//, "");
  const tagged = text("Tag") !== "<none>" && text("Tag") !== "" && repository !== "<none>";
  return {
    reference: tagged ? `${repository}:${text("Tag")}` : text("ID") || text("Id"),
    tool: repository.startsWith("silo-") ? repository.slice("silo-".length) : "",
    size: sizeInBytes(text("Size")),
    created: isoTime(text("CreatedAt")),
  };
}

export async function images(settings: DockerSettings): Promise<readonly ImageInfo[]> {
  const lines = (await ask(settings, IMAGES_ARGS)).split("\n").filter((line) => line !== "");
  return lines.map(parseImage);
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
