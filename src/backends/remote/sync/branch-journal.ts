import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Here } from "../link/link.ts";
import { filesOf, type Record as Machine } from "../record.ts";

/**
 * In a git directory the machine's tool goes first, so a branch that was moved on both sides while the link was down
 * is where the tool has it. No commit is lost by that, but its name is: so every place is noted where a branch has
 * stood here, and told if nothing leads there any more.
 */
type Seen = { readonly [gitDir: string]: { readonly [ref: string]: readonly string[] } };

const LOOK_MS = 2_000;
const HASH = /^[0-9a-f]{40,64}$/;

const gitDirs = ({ layout }: Machine) =>
  layout.syncs.filter(({ kind }) => kind === "git").map(({ local }) => local);
const seenFile = (here: Here, { id }: Machine) => `${filesOf(here.state, id).folder}/refs.json`;

async function looseRefs(folder: string, prefix: string): Promise<readonly [string, string][]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = entries.map(async (entry): Promise<readonly [string, string][]> => {
    const [path, name] = [`${folder}/${entry.name}`, `${prefix}/${entry.name}`];
    if (entry.isDirectory()) return await looseRefs(path, name);
    const hash = (await readFile(path, "utf8").catch(() => "")).trim();
    return HASH.test(hash) ? [[name, hash]] : [];
  });
  return (await Promise.all(found)).flat();
}

/** Where a repository's branches stand (gitrepository-layout(5)): loose ones go before packed ones. */
export async function readRefs(gitDir: string): Promise<ReadonlyMap<string, string>> {
  const packed = await readFile(`${gitDir}/packed-refs`, "utf8").catch(() => "");
  const lines = [...packed.matchAll(/^([0-9a-f]{40,64}) (refs\/\S+)$/gm)];
  const all = lines.map(([, hash = "", name = ""]): [string, string] => [name, hash]);
  const loose = await looseRefs(`${gitDir}/refs/heads`, "refs/heads");
  return new Map([...all.filter(([name]) => name.startsWith("refs/heads/")), ...loose]);
}

async function readSeen(path: string): Promise<Seen> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Seen;
  } catch {
    return {};
  }
}

/** Notes where the branches stand now. */
export async function noteRefs(here: Here, machine: Machine): Promise<void> {
  const path = seenFile(here, machine);
  const before = await readSeen(path);
  let news = false;
  const after: Record<string, Record<string, readonly string[]>> = {};
  for (const gitDir of gitDirs(machine)) {
    const refs: Record<string, readonly string[]> = { ...before[gitDir] };
    for (const [ref, hash] of await readRefs(gitDir)) {
      if (refs[ref]?.includes(hash) === true) continue;
      refs[ref] = [...(refs[ref] ?? []), hash];
      news = true;
    }
    after[gitDir] = refs;
  }
  if (news) await writeFile(path, JSON.stringify(after), { mode: 0o600 });
}

/** Notes them again and again until the returned function is called. */
export function watchRefs(here: Here, machine: Machine): () => void {
  if (gitDirs(machine).length === 0) return () => {};
  const timer = setInterval(() => void noteRefs(here, machine).catch(() => {}), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Where branches have stood here and nothing leads any more, with the command that names the place again. */
export async function movedRefs(here: Here, machine: Machine): Promise<readonly string[]> {
  const seen = await readSeen(seenFile(here, machine));
  const lines: string[] = [];
  for (const [gitDir, refs] of Object.entries(seen)) {
    const now = await readRefs(gitDir);
    for (const [ref, hashes] of Object.entries(refs)) {
      const log = await readFile(`${gitDir}/logs/${ref}`, "utf8").catch(() => "");
      const gone = hashes.filter((hash) => now.get(ref) !== hash && !log.includes(hash));
      const name = ref.replace("refs/heads/", "");
      lines.push(
        ...gone.map(
          (hash) =>
            `${name} stood at ${hash.slice(0, 12)} here, and the machine has moved it elsewhere; ` +
            `git -C ${dirname(gitDir)} branch ${name}-here ${hash.slice(0, 12)}   # names it again`,
        ),
      );
    }
  }
  return lines;
}
