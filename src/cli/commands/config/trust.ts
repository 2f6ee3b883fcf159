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
import { printStdout, printStderr } from "../../../ui/print.ts";
import { canAsk, confirmShown } from "../../../ui/prompts.ts";
import { table } from "../../../ui/table.ts";
import { basename, dirname } from "node:path";
import type { Action } from "../../grammar/command.ts";
import type { TRUST_OPTIONS } from "../../grammar/options.ts";
import { leftOutText } from "../../../trust/approved-config.ts";
import { existingPaths, readFiles } from "../../../trust/read-files.ts";
import { trustStore } from "../../../trust/context.ts";
import { fileOffer, patternOffers, toolOffers, type Offer } from "./offers.ts";

/** `silo config trust`: approves, revokes, or lists approvals. */
export const trust: Action<typeof TRUST_OPTIONS> = async ({ options, args: [path] }) => {
  const here = readEnvironment();
  const { revoke, yes, json } = options;
  if (options.list) {
    if (revoke || yes || path !== undefined)
      throw wrong("--list cannot be used together with a path, --revoke or --yes");
    return await list(here, json);
  }
  if (json) throw wrong("--json requires --list");
  if (revoke && yes) throw wrong("--revoke and --yes cannot be used together");
  if (!revoke) return await approve(here, path, yes);
  await revokeApprovals(here, path);
  return 0;
};

function wrong(message: string): UsageError {
  return new UsageError(message, { hint: "silo config trust --help" });
}

/** The file and the directory of a path argument. */
type Target = { readonly file: string; readonly directory: string | undefined };

/** Resolves a path argument, a silo.jsonc or its directory, to the real path that a run uses. @throws SiloError for the user's own file. */
function targetOf(word: string, { cwd, home, env }: HostEnvironment): Target {
  const written = absolutePath(word, cwd, home);
  const isFile = basename(written) === "silo.jsonc" && !isDirectory(written);
  const path = isFile ? written : fileIn(written);
  const real = resolveLinks(dirname(path));
  const file = real === undefined ? path : fileIn(real);
  if (file !== globalFile(home, env)) return { file, directory: isFile ? undefined : real };
  throw new SiloError(`${displayPath(file, home)} is your own file and needs no approval`, {
    hint: "silo config trust   # approves the files of the project",
  });
}

/** Shows what can be approved, and asks for confirmation on a TTY. @returns the exit code. */
async function approve(
  here: HostEnvironment,
  path: string | undefined,
  yes: boolean,
): Promise<number> {
  const offers = path === undefined ? await offersHere(here) : await offersOf(path, here);
  if (offers.length === 0) {
    await log.info("nothing here needs approval");
    return 0;
  }
  if (canAsk() && !yes) {
    const lines = offers.flatMap(({ what, lines: inner }) => [what, ...inner.map((l) => `  ${l}`)]);
    const question = offers.length === 1 ? "Approve this?" : `Approve these ${offers.length}?`;
    if (!(await confirmShown("to approve:", lines, question))) {
      printStderr("nothing was approved");
      return 1;
    }
  }
  await updateTrust(trustStore(here), (record) =>
    offers.reduce((last, { approve: approved }) => approved(last), record),
  );
  for (const { what, lines } of offers) printApproval(what, lines);
  return 0;
}

/** Offers for the working directory. Files of other users are offered only if their path is given. */
async function offersHere(here: HostEnvironment): Promise<readonly Offer[]> {
  const { files, leftOut } = await readFiles(here);
  await log.warn(...leftOut.map(leftOutText));
  return [
    ...files.filter(({ global }) => !global).map(({ path, text }) => fileOffer(path, text, here)),
    ...(await patternOffers(here)),
    ...(await toolOffers(here)),
  ];
}

async function offersOf(path: string, here: HostEnvironment): Promise<readonly Offer[]> {
  const { file, directory } = targetOf(path, here);
  const tools = directory === undefined ? [] : await toolOffers({ ...here, cwd: directory });
  const text = (await readSettings(file))?.text;
  if (text !== undefined) return [fileOffer(file, text, here), ...tools];
  if (tools.length > 0) return tools;
  throw new SiloError(`${displayPath(file, here.home)} does not exist`, {
    hint: "silo config paths",
  });
}

function printApproval(what: string, lines: readonly string[]): void {
  const all = [`approved ${what}`, ...lines.map((line) => `  ${line}`)];
  printStderr(all.map((line) => printable(line).replaceAll("\n", " ")).join("\n"));
}

async function revokeApprovals(here: HostEnvironment, path: string | undefined): Promise<void> {
  const { file, directory } = path === undefined ? { directory: here.cwd } : targetOf(path, here);
  const files = file === undefined ? await existingPaths(here) : [file];
  let gone: readonly string[] = [];
  await updateTrust(trustStore(here), (record) => {
    const approved = files.filter((path) => record.files[path] !== undefined);
    const entries = directory === undefined ? [] : Object.keys(record.toolFiles[directory] ?? {});
    gone = [...approved, ...entries.map((path) => `${directory}/${path}`)];
    const without = approved.reduce(withoutApproval, record);
    const untooled = directory === undefined ? without : withoutDigests(without, directory);
    return path === undefined ? withoutPatterns(untooled, here.cwd) : untooled;
  });
  await log.info(...gone.map((path) => `${displayPath(path, here.home)} is no longer approved`));
  if (gone.length === 0) await log.info("no file here is approved");
}

type Row = { readonly file: string; readonly state: "current" | "changed" | "missing" };

async function list(here: HostEnvironment, json: boolean): Promise<number> {
  const record = await readTrust(trustStore(here));
  const files = await Promise.all(Object.keys(record.files).map((file) => fileRow(file, record)));
  const rows = [...files, ...toolRows(record)].toSorted((a, b) => (a.file < b.file ? -1 : 1));
  if (json) printStdout(JSON.stringify(rows, undefined, 2));
  else if (rows.length === 0) printStderr("nothing is approved");
  else {
    const cells = rows.map(({ file, state }) => [printable(displayPath(file, here.home)), state]);
    printStdout(table(["FILE", "STATE"], cells));
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
