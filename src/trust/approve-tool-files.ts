import type { Config } from "../core/config.ts";
import { toolPath } from "../core/mounts.ts";
import { displayPath, within, xdgDirectories } from "../core/paths.ts";
import { entryLines, type EntryState, type ToolEntry } from "./tool-files.ts";
import { approvedDigest, withDigests, type TrustRecord } from "./record.ts";
import { SiloError } from "../errors.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";
import { presentPaths } from "../sys/files/present-paths.ts";
import { readToolEntry } from "./read-tool-files.ts";
import { readTrust, updateTrust } from "./store.ts";
import { projectFilesOf } from "../tools/index.ts";
import type { Tool } from "../core/tool.ts";
import { canAsk, confirmShown } from "../ui/prompts.ts";
import { log } from "../ui/log.ts";
import { HINT } from "./approve.ts";
import { isTrusted, trustsAll, trustStore } from "./context.ts";

/** An entry whose current content is not approved. */
type Open = { readonly entry: ToolEntry; readonly state: EntryState };

/** The project's files that a tool runs or loads, as they are now. */
export function toolEntries(tool: Tool, here: HostEnvironment): readonly ToolEntry[] {
  return presentPaths(here.cwd, projectFilesOf(tool))
    .filter((path) => !isOwn(tool, path, here))
    .map((path) => readToolEntry(here.cwd, path))
    .filter(({ files, unsteady }) => files.length > 0 || unsteady !== undefined);
}

/** Whether a path is the user's own settings, such as `.codex` in the home directory, which the tool has anyway. */
function isOwn({ mounts }: Tool, path: string, { cwd, home, env }: HostEnvironment): boolean {
  const xdg = xdgDirectories(home, env);
  return [...mounts.rw, ...mounts.ro]
    .map((written) => toolPath(written, home, xdg))
    .some((mount) => within(mount, `${cwd}/${path}`) && !within(mount, cwd));
}

/** How an entry differs from its approval in a directory; undefined if it is the same. */
export function stateOf(
  record: TrustRecord,
  cwd: string,
  { path, digest, unsteady }: ToolEntry,
): EntryState | undefined {
  const approved = approvedDigest(record, cwd, path);
  if (approved === undefined) return "new";
  return approved === digest && unsteady === undefined ? undefined : "changed";
}

/** The digests of entries that can be approved, by path. */
export function digests(entries: readonly ToolEntry[]): Readonly<Record<string, string>> {
  const steady = entries.filter(({ unsteady }) => unsteady === undefined);
  return Object.fromEntries(steady.map(({ path, digest }) => [path, digest]));
}

/**
 * Asks for approval of project files that the tool runs or loads, unless this content was approved. The tool would
 * run them with the user's sign-in, even without a prompt injection.
 * @param dryRun only warns, because nothing starts.
 * @throws SiloError if the answer is no, or stdin is not a TTY.
 */
export async function ensureToolFiles(
  tool: Tool,
  config: Config,
  here: HostEnvironment,
  dryRun: boolean,
): Promise<void> {
  if (trustsAll(here) || isTrusted(here.cwd, config.trusted_paths, here.home)) return;
  const store = trustStore(here);
  const allowed = new Set<string>();
  for (;;) {
    const entries = toolEntries(tool, here);
    if (entries.length === 0) return;
    const record = await readTrust(store);
    const open = entries.flatMap((entry) => {
      const state = stateOf(record, here.cwd, entry);
      return state === undefined || allowed.has(entry.digest) ? [] : [{ entry, state }];
    });
    if (open.length === 0) return;
    if (dryRun) return await log.warn(dryRunText(tool, open));
    await ask(tool, open, here);
    for (const { entry } of open) allowed.add(entry.digest);
    const shown = digests(open.map(({ entry }) => entry));
    await updateTrust(store, (latest) => withDigests(latest, here.cwd, shown));
    // Checks again, because the files may have changed during the prompt.
  }
}

function dryRunText({ title }: Tool, open: readonly Open[]): string {
  const names = open.map(({ entry }) => entry.path).join(", ");
  return `${title} runs or loads project files for which a run asks for approval: ${names}`;
}

async function ask(
  { title }: Tool,
  open: readonly Open[],
  { cwd, home }: HostEnvironment,
): Promise<void> {
  const problem = `${title} runs or loads files of ${displayPath(cwd, home)} that are not trusted`;
  const lines = open.flatMap(({ entry, state }) => entryLines(entry, state, canAsk()));
  if (!canAsk()) throw new SiloError(problem, { detail: lines, hint: hintFor(open) });
  const what = open.length === 1 ? "this" : `these ${open.length}`;
  if (await confirmShown(`${problem}:`, lines, `Let ${title} use ${what}?`)) return;
  throw new SiloError("not approved, so not started", {
    hint: "silo config trust   # after reviewing these files",
  });
}

function hintFor(open: readonly Open[]): string {
  const unsteady = open.some(({ entry }) => entry.unsteady !== undefined);
  return unsteady ? "SILO_TRUST=1 silo ...   # trusts them for one run" : HINT;
}
