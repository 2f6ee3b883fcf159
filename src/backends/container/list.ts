import { pause } from "../../sys/process/pause.ts";
import type { Ask } from "../../sys/process/prefetch.ts";
import type { ImageInfo, Instance } from "../backend.ts";
import { LIST_ARGS } from "./args.ts";
import { containerOutput, tryContainer } from "./query.ts";
import { containerError } from "./errors.ts";
import { containerOf, imageOf, rows } from "./parse.ts";

async function all(run?: Ask): Promise<readonly Instance[]> {
  return rows(await containerOutput(LIST_ARGS, run)).map(containerOf);
}

/** Lists every name in use, including the builder's. */
export async function names(): Promise<readonly string[]> {
  return (await all()).map(({ name }) => name);
}

/** Lists silo's own containers, running or not. */
export async function list(run?: Ask): Promise<readonly Instance[]> {
  return (await all(run)).filter(({ session }) => session !== "");
}

/** How long to retry while a container is stopping and cannot be deleted yet. */
const STOPPING_MS = 10_000;

/** Deletes containers in any state; one that is already gone is not an error. @throws SiloError if one remains. */
export async function deleteAll(wanted: readonly string[]): Promise<void> {
  const end = performance.now() + STOPPING_MS;
  let left = wanted;
  while (left.length > 0) {
    const { code, stderr } = await tryContainer(["delete", "--force", ...left]);
    if (code === 0) return;
    // Before 1.0, if one container is missing, none is deleted, and a stopping one cannot be deleted.
    const there = new Set(await names());
    left = left.filter((name) => there.has(name));
    if (left.length > 0 && performance.now() > end)
      throw containerError(stderr, "removing the container");
    if (left.length > 0) await pause(100);
  }
}

/** Deletes the containers of sessions. */
export async function reap(sessions: readonly string[]): Promise<void> {
  const gone = new Set(sessions);
  const left = (await list()).filter(({ session }) => gone.has(session));
  await deleteAll(left.map(({ name }) => name));
}

/** Whether an image exists. This is checked because `run` would pull a missing image from a registry. */
export async function hasImage(tag: string): Promise<boolean> {
  const { code, stdout, stderr } = await tryContainer(["image", "inspect", tag]);
  if (code === 0) return rows(stdout).length > 0;
  if (/not ?found/i.test(stderr)) return false;
  throw containerError(stderr, "container image inspect");
}

/** Lists the images that silo built. */
export async function images(): Promise<readonly ImageInfo[]> {
  return rows(await containerOutput(["image", "list", "--format", "json", "--verbose"]))
    .map(imageOf)
    .filter((image) => image !== undefined);
}

/** Deletes images that no container uses. @returns those in use, which were kept. */
export async function removeImages(references: readonly string[]): Promise<readonly string[]> {
  const used = new Set((await all()).map(({ image }) => image));
  const kept = references.filter((reference) => used.has(reference));
  for (const reference of references.filter((each) => !used.has(each)))
    await containerOutput(["image", "delete", reference]);
  return kept;
}
