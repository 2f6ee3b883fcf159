import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { LocalState } from "../local-state.ts";
import { filesOf, type MachineRecord } from "../record.ts";

/**
 * The commits that each branch of each git directory has pointed to on this laptop. In a git directory the machine's
 * side wins, so a branch that was moved on both sides during a lost connection gets the machine's commit. The commit of
 * this laptop then still exists, but no branch points to it any more; the journal has its hash.
 */
type Journal = { readonly [gitDir: string]: { readonly [ref: string]: readonly string[] } };

/** Interval at which branches are recorded. */
const LOOK_MS = 2_000;
const HASH = /^[0-9a-f]{40,64}$/;

const gitDirs = ({ layout }: MachineRecord) =>
  layout.syncs.filter(({ kind }) => kind === "git").map(({ local }) => local);
const journalFile = (local: LocalState, { id }: MachineRecord) =>
  `${filesOf(local, id).folder}/refs.json`;

/** Reads the loose refs below `folder`. */
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

/** The commits of a repository's branches (gitrepository-layout(5)); loose refs override packed ones. */
export async function readRefs(gitDir: string): Promise<ReadonlyMap<string, string>> {
  const packed = await readFile(`${gitDir}/packed-refs`, "utf8").catch(() => "");
  const lines = [...packed.matchAll(/^([0-9a-f]{40,64}) (refs\/\S+)$/gm)];
  const all = lines.map(([, hash = "", name = ""]): [string, string] => [name, hash]);
  const loose = await looseRefs(`${gitDir}/refs/heads`, "refs/heads");
  return new Map([...all.filter(([name]) => name.startsWith("refs/heads/")), ...loose]);
}

async function readJournal(path: string): Promise<Journal> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Journal;
  } catch {
    return {};
  }
}

/** Adds the branches' current commits to the journal. */
export async function recordBranches(local: LocalState, record: MachineRecord): Promise<void> {
  const path = journalFile(local, record);
  const before = await readJournal(path);
  let news = false;
  const after: Record<string, Record<string, readonly string[]>> = {};
  for (const gitDir of gitDirs(record)) {
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

/** Records the branches repeatedly until the returned function is called. */
export function watchBranches(local: LocalState, record: MachineRecord): () => void {
  if (gitDirs(record).length === 0) return () => {};
  const timer = setInterval(() => void recordBranches(local, record).catch(() => {}), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Returns a line, with the command that restores it, for each commit that a branch pointed to here and that is no longer in the branch or its reflog. */
export async function lostBranchTips(
  local: LocalState,
  record: MachineRecord,
): Promise<readonly string[]> {
  const journal = await readJournal(journalFile(local, record));
  const lines: string[] = [];
  for (const [gitDir, refs] of Object.entries(journal)) {
    const now = await readRefs(gitDir);
    for (const [ref, hashes] of Object.entries(refs)) {
      const log = await readFile(`${gitDir}/logs/${ref}`, "utf8").catch(() => "");
      const gone = hashes.filter((hash) => now.get(ref) !== hash && !log.includes(hash));
      const name = ref.replace("refs/heads/", "");
      lines.push(
        ...gone.map(
          (hash) =>
            `branch ${name} pointed to ${hash.slice(0, 12)} here, and the machine has moved it; restore it with: ` +
            `git -C ${dirname(gitDir)} branch ${name}-here ${hash.slice(0, 12)}`,
        ),
      );
    }
  }
  return lines;
}
