import type { Backend, CacheInfo, ImageInfo } from "../../backends/backend.ts";
import { sweepLeftovers } from "../../backends/registry.ts";
import { ageText } from "../../core/text/age.ts";
import { cacheKey } from "../../core/caches.ts";
import { displayPath } from "../../core/paths.ts";
import { sizeText, unusedCaches, unusedImages } from "../../core/unused-images.ts";
import type { BackendName } from "../../core/types.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import { projects } from "../../sys/state/projects.ts";
import { log } from "../../ui/log.ts";
import { printStdout, printStderr } from "../../ui/print.ts";
import { confirm } from "../../ui/prompts.ts";
import { waiting } from "../../ui/live.ts";
import { table } from "../../ui/table.ts";
import { allInstances, queryEach, type OwnedInstance } from "../../run/instances.ts";
import type { Action } from "../grammar/command.ts";
import type { PRUNE_OPTIONS } from "../grammar/options.ts";

type OwnedImage = ImageInfo & { readonly owner: Backend };
type OwnedCache = CacheInfo & { readonly owner: Backend };

/**
 * `silo prune`: removes stopped containers, and images and caches that no project uses. Files of killed silo processes
 * are removed without a confirmation.
 */
export const prune: Action<typeof PRUNE_OPTIONS> = async ({ options }) => {
  const asked = options.backend;
  await sweepLeftovers();
  const [found, images, caches] = await waiting(
    "looking for unused containers, images and caches",
    Promise.all([allInstances(asked), imagesToPrune(asked), cachesToPrune(asked)]),
  );
  const containers = found.filter(({ running }) => !running);
  if (containers.length + images.length + caches.length === 0) {
    printStderr("nothing to prune");
    return 0;
  }
  const total = images.reduce((sum, { size }) => sum + size, 0);
  const dry = options["dry-run"];
  (dry ? printStdout : printStderr)(asTable(containers, images, caches));
  printStderr(`${dry ? "would free" : "frees"} up to ${sizeText(total)}`);
  if (dry) return 0;
  if (!options.yes && !(await confirm("Remove all of these?", "silo prune --yes"))) {
    printStderr("nothing was removed");
    return 1;
  }
  await removeAll(containers, images, caches);
  return 0;
};

function imagesToPrune(asked: BackendName | undefined): Promise<readonly OwnedImage[]> {
  return queryEach(asked, async (owner, state) => {
    const images = await owner.images();
    const uses = projects(state).flatMap((project) => Object.values(project.images));
    const references = images.map(({ reference }) => reference);
    const idle = unusedImages(references, uses, Date.now());
    return images
      .filter(({ reference }) => idle.includes(reference))
      .map((image) => ({ ...image, owner }));
  });
}

/** Caches that no project uses. Duplicates are dropped, because two backends may share host directories. */
async function cachesToPrune(asked: BackendName | undefined): Promise<readonly OwnedCache[]> {
  const { uid } = readEnvironment();
  const found = await queryEach(asked, async (owner, state) => {
    const known = projects(state).map(({ directory, images }) => ({
      key: cacheKey(uid, directory),
      uses: Object.values(images),
    }));
    const caches = (await owner.caches?.()) ?? [];
    return unusedCaches(caches, known, Date.now()).map((cache) => ({ ...cache, owner }));
  });
  return [...new Map(found.map((cache) => [cache.reference, cache])).values()];
}

function asTable(
  containers: readonly OwnedInstance[],
  images: readonly OwnedImage[],
  caches: readonly OwnedCache[],
): string {
  const { home } = readEnvironment();
  const age = (created: string | undefined) => ageText(created, Date.now());
  return table(
    ["WHAT", "NAME", "BACKEND", "SIZE", "CREATED"],
    [
      ...containers.map(({ name, backend, created }) => [
        "container",
        name,
        backend,
        "",
        age(created),
      ]),
      ...images.map(({ reference, owner, size, created }) => [
        "image",
        reference.replace(/^sha256:([0-9a-f]{12}).*$/, "$1"),
        owner.name,
        sizeText(size),
        age(created),
      ]),
      ...caches.map(({ reference, owner, created }) => [
        "cache",
        displayPath(reference, home),
        owner.name,
        "",
        age(created),
      ]),
    ],
  );
}

async function removeAll(
  containers: readonly OwnedInstance[],
  images: readonly OwnedImage[],
  caches: readonly OwnedCache[],
): Promise<void> {
  for (const { owner, ...container } of containers) {
    const { name } = container;
    const notes = await waiting(`removing ${name}`, owner.remove([container], false));
    await log.warn(...notes);
    printStdout(name);
  }
  for (const { owner, reference } of images) {
    const kept = await waiting(`removing ${reference}`, owner.removeImages([reference]));
    if (kept.length === 0) printStdout(reference);
    else await log.warn(`${reference} is in use by a container and was kept`);
  }
  for (const { owner, reference } of caches) {
    const removed = owner.removeCaches?.([reference]) ?? Promise.resolve([reference]);
    const kept = await waiting(`removing ${reference}`, removed);
    if (kept.length === 0) printStdout(reference);
    else await log.warn(`${reference} is in use by a container and was kept`);
  }
}
