import { SiloError } from "../../errors.ts";
import type { Captured } from "../../sys/process.ts";
import type { ContainerInfo, EarlyAnswer, ImageInfo } from "../backend.ts";
import { LIST_ARGS } from "./args.ts";
import { answer, ask, start } from "./ask.ts";
import { containerError } from "./errors.ts";
import { containerOf, imageOf, rows } from "./parse.ts";

/** Names and list are one question here. */
export function askEarly(question: EarlyAnswer["question"]): EarlyAnswer {
  const asked = start(LIST_ARGS);
  asked.catch(() => {});
  return { question, answer: asked };
}

async function all(early?: Promise<Captured>): Promise<readonly ContainerInfo[]> {
  return rows(await ask(LIST_ARGS, early ?? start(LIST_ARGS))).map(containerOf);
}

/** Every name in use, the builder's own too. */
export async function names(early?: EarlyAnswer): Promise<readonly string[]> {
  return (await all(early?.answer)).map(({ name }) => name);
}

/** What silo made, running or not. */
export async function list(early?: EarlyAnswer): Promise<readonly ContainerInfo[]> {
  return (await all(early?.answer)).filter(({ session }) => session !== "");
}

/** The running container of that name that silo made. @throws SiloError where there is none. */
export async function runningOwn(name: string): Promise<ContainerInfo> {
  const found = (await list()).find((container) => container.name === name);
  if (found === undefined)
    throw new SiloError(`silo has no container "${name}"`, { hint: "silo ls" });
  if (!found.running)
    throw new SiloError(`${name} does not run: ${found.status}`, { hint: `silo rm ${name}` });
  return found;
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

/** Deletes silo's own containers of these names. */
export async function remove(wanted: readonly string[]): Promise<void> {
  const own = new Set((await list()).map(({ name }) => name));
  await deleteAll(wanted.filter((name) => own.has(name)));
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
