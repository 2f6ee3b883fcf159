import { readdir, rename, stat } from "node:fs/promises";
import { capture } from "../../sys/process/process.ts";
import type { ImageInfo } from "../backend.ts";
import { prefixRoot } from "./features.ts";
import { discard, sweepAll } from "./sweep.ts";

const NAME = /^silo-([a-z]+)-([0-9a-f]{16})$/;

/** Lists the built prefixes with their size on disk (`du`), after deleting the leftovers of killed builds. */
export async function images(cache: string, state: string): Promise<readonly ImageInfo[]> {
  const folder = `${cache}/silo/bwrap`;
  await sweepAll(folder, state);
  const names = (await readdir(folder).catch(() => [])).filter((name) => NAME.test(name));
  if (names.length === 0) return [];
  const { stdout } = await capture({
    bin: "du",
    args: ["--summarize", "--bytes", "--", ...names.map((name) => `${folder}/${name}`)],
  });
  const sizes = new Map(
    stdout.split("\n").map((line) => {
      const [size = "", path = ""] = line.split("\t");
      return [path, Number(size)] as const;
    }),
  );
  return await Promise.all(
    names.map(async (name) => {
      const [, tool = "", hash = ""] = NAME.exec(name) ?? [];
      const path = `${folder}/${name}`;
      const { mtime } = await stat(path);
      const created = mtime.toISOString();
      return { reference: `silo-${tool}:${hash}`, tool, size: sizes.get(path) ?? 0, created };
    }),
  );
}

/** Deletes prefixes. @returns those in use, which were kept. */
export async function removeImages(
  cache: string,
  references: readonly string[],
  used: ReadonlySet<string>,
): Promise<readonly string[]> {
  for (const reference of references.filter((each) => !used.has(each))) {
    const path = prefixRoot(cache, reference);
    // Renamed first, so that a partly deleted prefix is never used.
    await rename(path, `${path}.old`).catch(() => {});
    await discard(`${path}.old`);
  }
  return references.filter((each) => used.has(each));
}
