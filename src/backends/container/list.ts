import type { Ask } from "../../sys/process/prefetch.ts";
import type { ImageInfo, Instance } from "../backend.ts";
import { LIST_ARGS } from "./args.ts";
import { answer, ask, start } from "./query.ts";
import { containerError } from "./errors.ts";
import { containerOf, imageOf, rows } from "./parse.ts";

async function all(run?: Ask): Promise<readonly Instance[]> {
  return rows(await ask(LIST_ARGS, run)).map(containerOf);
}

/** Every name in use, the builder's own too. */
export async function names(): Promise<readonly string[]> {
  return (await all()).map(({ name }) => name);
}

/** What silo made, running or not. */
export async function list(run?: Ask): Promise<readonly Instance[]> {
  return (await all(run)).filter(({ session }) => session !== "");
}

/** How long one that is being stopped may take until it can be deleted. */
const STOPPING_MS = 10_000;

/** Deletes containers, whatever their state; one that has gone meanwhile is no error. */
export async function deleteAll(wanted: readonly string[]): Promise<void> {
  const end = performance.now() + STOPPING_MS;
  let left = wanted;
  while (left.length > 0) {
    const { code, stderr } = await answer(start(["delete", "--force", ...left]));
    if (code === 0) return;
    // Before 1.0 one that is missing keeps all others from being deleted; one that is stopping is refused.
    const there = new Set(await names());
    left = left.filter((name) => there.has(name));
    if (left.length > 0 && performance.now() > end)
      throw containerError(stderr, "removing the container");
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Deletes what belongs to sessions. */
export async function reap(sessions: readonly string[]): Promise<void> {
  const gone = new Set(sessions);
  const left = (await list()).filter(({ session }) => gone.has(session));
  await deleteAll(left.map(({ name }) => name));
}

/** Whether an image is there; `run` would ask a registry for it otherwise. */
export async function hasImage(tag: string): Promise<boolean> {
  const { code, stdout, stderr } = await answer(start(["image", "inspect", tag]));
  if (code === 0) return rows(stdout).length > 0;
  if (/not ?found/i.test(stderr)) return false;
  throw containerError(stderr, "container image inspect");
}

export async function images(): Promise<readonly ImageInfo[]> {
  return rows(await ask(["image", "list", "--format", "json", "--verbose"]))
    .map(imageOf)
    .filter((image) => image !== undefined);
}

/** Deletes images that no container has. @returns those that are in use. */
export async function removeImages(references: readonly string[]): Promise<readonly string[]> {
  const used = new Set((await all()).map(({ image }) => image));
  const kept = references.filter((reference) => used.has(reference));
  for (const reference of references.filter((each) => !used.has(each)))
    await ask(["image", "delete", reference]);
  return kept;
}
