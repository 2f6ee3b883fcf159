import { globalFile, fileIn } from "../../../config/files.ts";
import { absolutePath, displayPath } from "../../../core/paths.ts";
import { printable } from "../../../core/text/quote.ts";
import {
  isApproved,
  withoutApproval,
  withoutDigests,
  withoutPatterns,
  type TrustRecord,
} from "../../../trust/record.ts";
import { SiloError, UsageError } from "../../../errors.ts";
import { readSettings } from "../../../sys/files/read.ts";
import { isDirectory } from "../../../sys/files/peek.ts";
import { readEnvironment, type HostEnvironment } from "../../../sys/host/environment.ts";
import { resolveLinks } from "../../../sys/files/links.ts";
import { readToolEntry } from "../../../trust/read-tool-files.ts";
import { readTrust, updateTrust } from "../../../trust/store.ts";
import { log } from "../../../ui/log.ts";
import { print, say } from "../../../ui/print.ts";
import { canAsk, confirmShown } from "../../../ui/prompts.ts";
import { table } from "../../../ui/table.ts";
import { basename, dirname } from "node:path";
import type { Action } from "../../grammar/command.ts";
import type { TRUST_OPTIONS } from "../../grammar/options.ts";
import { leftOutText } from "../../../trust/approved-config.ts";
import { existingPaths, readFiles } from "../../../trust/read-files.ts";
import { trustStore } from "../../../trust/context.ts";
import { fileOffer, patternOffers, toolOffers, type Offer } from "./offers.ts";

/** `silo config trust`: approves, revokes, or lists. */
export const trust: Action<typeof TRUST_OPTIONS> = async ({ options, args: [path] }) => {
  const here = readEnvironment();
  const { revoke, yes, json } = options;
  if (options.list) {
    if (revoke || yes || path !== undefined)
      throw wrong("--list takes no path, no --revoke and no --yes");
    return await list(here, json);
  }
  if (json) throw wrong("--json belongs to --list");
  if (revoke && yes) throw wrong("--revoke and --yes cannot be used together");
  if (!revoke) return await approve(here, path, yes);
  await takeBack(here, path);
  return 0;
};

function wrong(message: string): UsageError {
  return new UsageError(message, { hint: "silo config trust --help" });
}

/** What a path on the command line names. */
type Named = { readonly file: string; readonly directory: string | undefined };

/** The file that a path names: itself, or the one of a directory; known as runs know it. */
function named(word: string, { cwd, home, env }: HostEnvironment): Named {
  const written = absolutePath(word, cwd, home);
  const isFile = basename(written) === "silo.jsonc" && !isDirectory(written);
  const path = isFile ? written : fileIn(written);
  const real = resolveLinks(dirname(path));
  const file = real === undefined ? path : fileIn(real);
  if (file !== globalFile(home, env)) return { file, directory: isFile ? undefined : real };
  throw new SiloError(`${displayPath(file, home)} is your own file and needs no approval`, {
    hint: "silo config trust   # approves those of the project",
  });
}

/** Shows what is there to approve, and asks on a terminal. @returns the exit code. */
async function approve(
  here: HostEnvironment,
  word: string | undefined,
  yes: boolean,
): Promise<number> {
  const offers = word === undefined ? await offersHere(here) : await offersOf(word, here);
  if (offers.length === 0) {
    log.info("nothing here needs an approval");
    return 0;
  }
  if (canAsk() && !yes) {
    const lines = offers.flatMap(({ what, lines: inner }) => [what, ...inner.map((l) => `  ${l}`)]);
    const question = offers.length === 1 ? "Approve this?" : `Approve these ${offers.length}?`;
    if (!(await confirmShown("to approve:", lines, question))) {
      say("nothing was approved");
      return 1;
    }
  }
  await updateTrust(trustStore(here), (record) =>
    offers.reduce((last, { approve: approved }) => approved(last), record),
  );
  for (const { what, lines } of offers) tell(what, lines);
  return 0;
}

/** All that applies here; other users' files only where their path is given. */
async function offersHere(here: HostEnvironment): Promise<readonly Offer[]> {
  const { files, leftOut } = await readFiles(here);
  for (const file of leftOut) log.warn(leftOutText(file));
  return [
    ...files.filter(({ global }) => !global).map(({ path, text }) => fileOffer(path, text, here)),
    ...(await patternOffers(here)),
    ...toolOffers(here),
  ];
}

async function offersOf(word: string, here: HostEnvironment): Promise<readonly Offer[]> {
  const { file, directory } = named(word, here);
  const tools = directory === undefined ? [] : toolOffers({ ...here, cwd: directory });
  const text = (await readSettings(file))?.text;
  if (text !== undefined) return [fileOffer(file, text, here), ...tools];
  if (tools.length > 0) return tools;
  throw new SiloError(`there is no ${displayPath(file, here.home)}`, { hint: "silo config paths" });
}

function tell(what: string, lines: readonly string[]): void {
  const all = [`approved ${what}`, ...lines.map((line) => `  ${line}`)];
  say(all.map((line) => printable(line).replaceAll("\n", " ")).join("\n"));
}

async function takeBack(here: HostEnvironment, word: string | undefined): Promise<void> {
  const { file, directory } = word === undefined ? { directory: here.cwd } : named(word, here);
  const files = file === undefined ? await existingPaths(here) : [file];
  let gone: readonly string[] = [];
  await updateTrust(trustStore(here), (record) => {
    const approved = files.filter((path) => record.files[path] !== undefined);
    const entries = directory === undefined ? [] : Object.keys(record.toolFiles[directory] ?? {});
    gone = [...approved, ...entries.map((path) => `${directory}/${path}`)];
    const without = approved.reduce(withoutApproval, record);
    const untooled = directory === undefined ? without : withoutDigests(without, directory);
    return word === undefined ? withoutPatterns(untooled, here.cwd) : untooled;
  });
  for (const path of gone) log.info(`${displayPath(path, here.home)} is not approved any more`);
  if (gone.length === 0) log.info("no file here was approved");
}

type Row = { readonly file: string; readonly state: "current" | "changed" | "missing" };

async function list(here: HostEnvironment, json: boolean): Promise<number> {
  const record = await readTrust(trustStore(here));
  const files = await Promise.all(Object.keys(record.files).map((file) => fileRow(file, record)));
  const rows = [...files, ...toolRows(record)].toSorted((a, b) => (a.file < b.file ? -1 : 1));
  if (json) print(JSON.stringify(rows, undefined, 2));
  else if (rows.length === 0) say("nothing is approved");
  else {
    const cells = rows.map(({ file, state }) => [printable(displayPath(file, here.home)), state]);
    print(table(["FILE", "STATE"], cells));
  }
  return 0;
}

async function fileRow(file: string, record: TrustRecord): Promise<Row> {
  const text = await readSettings(file).then(
    (found) => found?.text,
    () => undefined,
  );
  if (text === undefined) return { file, state: "missing" };
  return { file, state: isApproved(record, file, text) ? "current" : "changed" };
}

function toolRows({ toolFiles }: TrustRecord): readonly Row[] {
  return Object.entries(toolFiles).flatMap(([directory, digests]) =>
    Object.entries(digests).map(([path, digest]): Row => {
      const entry = readToolEntry(directory, path);
      const same = entry.digest === digest && entry.unsteady === undefined;
      const state = entry.files.length === 0 ? "missing" : same ? "current" : "changed";
      return { file: `${directory}/${path}`, state };
    }),
  );
}
