import { dirname } from "node:path";
import { globalFile } from "../config/files.ts";
import type { ConfigFile } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import { fileAsks, type Ask, type AskPlace } from "../config/trust.ts";
import type { Sourced } from "../config/types.ts";
import { absolutePath, homely, within, xdgDirectories } from "../core/paths.ts";
import { isApproved, withApproval } from "../core/trust.ts";
import { errorText, SiloError } from "../errors.ts";
import { readText } from "../sys/fs.ts";
import type { Place } from "../sys/place.ts";
import { resolved } from "../sys/links.ts";
import { readTrust, updateTrust, type TrustStore } from "../sys/trust.ts";
import { log } from "../ui/log.ts";
import { canAsk, confirmShown } from "../ui/prompts.ts";
import type { Use } from "./config.ts";

/** A project file that asks for more than the defaults, and has no approval. */
export type Unapproved = { readonly file: ConfigFile; readonly asks: readonly Ask[] };

const HINT = "silo config trust   # approves it; SILO_TRUST=1 does for one run";
const REFUSED = "silo config edit   # or take out what it asks for";

export function trustStore({ home, env, cwd }: Place): TrustStore {
  return { state: xdgDirectories(home, env).state, home, cwd };
}

/** With `cwd`, what the tool may write there anyway is not asked for. */
export function askPlace({ home }: Place, cwd?: string): AskPlace {
  return { home, cwd, real: resolved };
}

/** `SILO_TRUST=1` trusts for one run and leaves no trace. */
export function trustsAll({ env }: Place): boolean {
  return env["SILO_TRUST"] === "1";
}

/** Whether a directory lies where the user's own file trusts everything. */
export function isTrusted(
  directory: string,
  trusted: readonly Sourced<string>[],
  home: string,
): boolean {
  return trusted.some(({ value, from }) => {
    const path = absolutePath(value, dirname(from), home);
    return within(resolved(path) ?? path, directory);
  });
}

/** The project files that must not be obeyed yet. Approvals are read only where a file needs one. */
export async function unapprovedFiles(
  files: readonly ConfigFile[],
  here: Place,
): Promise<readonly Unapproved[]> {
  const trusted = files
    .filter(({ global }) => global)
    .flatMap(({ path, config }) =>
      (config.trusted_paths ?? []).map((value) => ({ value, from: path })),
    );
  const asksMore = ({ config, path }: ConfigFile) =>
    fileAsks(config, dirname(path), askPlace(here, here.cwd)).length > 0;
  const asking = files.filter(
    (file) => !file.global && asksMore(file) && !isTrusted(dirname(file.path), trusted, here.home),
  );
  if (asking.length === 0) return [];
  const record = await readTrust(trustStore(here));
  return asking
    .filter(({ path, text }) => !isApproved(record, path, text))
    .map((file) => ({ file, asks: fileAsks(file.config, dirname(file.path), askPlace(here)) }));
}

/** Whether a run would obey this text of a project's file; where that cannot be told, it would not. */
export async function needsNoApproval(path: string, text: string, here: Place): Promise<boolean> {
  const parsed = parseConfig(text);
  try {
    if ("problems" in parsed) return isApproved(await readTrust(trustStore(here)), path, text);
    const own = globalFile(here.home, here.env);
    const ownText = await readText(own);
    const ownParsed = parseConfig(ownText ?? "");
    const trusting = "config" in ownParsed ? ownParsed.config : {};
    const files = [
      { path: own, text: ownText ?? "", global: true, config: trusting },
      { path, text, global: false, config: parsed.config },
    ];
    return (await unapprovedFiles(files, here)).length === 0;
  } catch (error) {
    log.warn(errorText(error));
    return false;
  }
}

/** Approves one content of a file. */
export async function approveText(path: string, text: string, here: Place): Promise<void> {
  await updateTrust(trustStore(here), (record) => withApproval(record, path, text));
}

/**
 * Lets only approved files pass: on a terminal shows what the others ask for and asks once.
 * Commands that only ask the backends pass by files that do not touch those, so that a file which a tool
 * has just written cannot keep its user from removing it.
 * @throws SiloError where one is not approved.
 */
export async function ensureApproved(
  files: readonly ConfigFile[],
  here: Place,
  use: Use,
): Promise<void> {
  warnOfTrustedPaths(files, here);
  if (trustsAll(here)) return;
  const counts = ({ asks }: Unapproved) =>
    use === "run" || asks.some(({ key: [first = ""] }) => first.startsWith("backend"));
  const open = (await unapprovedFiles(files, here)).filter(counts);
  if (open.length > 1 && !canAsk()) throw severalUnapproved(open, here);
  for (const { file, asks } of open) {
    const name = homely(file.path, here.home);
    await approveNow(`${name} asks for more than silo's defaults, and is not approved`, asks);
    await approveText(file.path, file.text, here);
  }
}

/** Asks the user. @throws SiloError where the answer is no, or there is no terminal to ask on. */
export async function approveNow(problem: string, asks: readonly Ask[]): Promise<void> {
  const lines = asks.map(({ text }) => text);
  if (!canAsk()) throw new SiloError(problem, { detail: lines, hint: HINT });
  const what = lines.length === 1 ? "this setting" : `these ${lines.length} settings`;
  if (await confirmShown(`${problem}:`, lines, `Allow ${what}?`)) return;
  throw new SiloError("not approved, so not started", { hint: REFUSED });
}

function severalUnapproved(open: readonly Unapproved[], { home }: Place): SiloError {
  const detail = open.flatMap(({ file, asks }) => [
    `${homely(file.path, home)}:`,
    ...asks.map(({ text }) => `  ${text}`),
  ]);
  return new SiloError(
    `${open.length} files ask for more than silo's defaults, and are not approved`,
    { detail, hint: HINT },
  );
}

function warnOfTrustedPaths(files: readonly ConfigFile[], { home }: Place): void {
  for (const { path, config, global } of files) {
    if (global || config.trusted_paths === undefined) continue;
    log.warn(
      `trusted_paths in ${homely(path, home)} has no effect: only the global file may trust`,
    );
  }
}
