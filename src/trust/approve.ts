import { dirname } from "node:path";
import { globalFile } from "../config/files.ts";
import type { ConfigFile, LeftOut } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import { requestsOf, type PermissionRequest, type RequestContext } from "./requests.ts";
import type { Sourced } from "../core/config.ts";
import { absolutePath, displayPath, within, xdgDirectories } from "../core/paths.ts";
import {
  isApproved,
  movedMounts,
  withApproval,
  type RealPath,
  type RealPaths,
  type TrustRecord,
} from "./record.ts";
import { errorText, SiloError } from "../errors.ts";
import { readSettings } from "../sys/files/read.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";
import { resolveLinks } from "../sys/files/links.ts";
import { readTrust, updateTrust, type TrustStore } from "./store.ts";
import { log } from "../ui/log.ts";
import { canAsk, confirmShown } from "../ui/prompts.ts";

/** Why a project file that asks for more than the defaults is not obeyed. */
type Reason = "new" | "changed" | "moved";

/** A project file that asks for more than the defaults, and is not approved as it is. */
export type Unapproved = {
  readonly file: ConfigFile;
  readonly asks: readonly PermissionRequest[];
  readonly reason: Reason;
};

const REASONS: Readonly<Record<Reason, string>> = {
  new: "requests settings beyond the defaults and is not trusted",
  changed: "requests settings beyond the defaults and has changed since it was approved",
  moved: "mounts a path that leads elsewhere than when it was approved",
};

export const HINT = "silo config trust   # shows and approves it; SILO_TRUST=1 trusts one run";
const REFUSED = "silo config edit   # or remove these settings";

export function trustStore({ home, env, cwd }: HostEnvironment): TrustStore {
  return { state: xdgDirectories(home, env).state, home, cwd };
}

/** With `cwd`, what the tool may write there anyway is not asked for. Each path is resolved once. */
export function askPlace(
  { home, env }: HostEnvironment,
  cwd?: string,
  approved?: RealPaths,
): RequestContext {
  const known = new Map<string, string | undefined>();
  const real = (path: string) => {
    if (!known.has(path)) known.set(path, resolveLinks(path));
    return known.get(path);
  };
  return { home, env, cwd, real, ...(approved === undefined ? {} : { approved }) };
}

/** `SILO_TRUST=1` trusts for one run and leaves no trace. */
export function trustsAll({ env }: HostEnvironment): boolean {
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
    return within(resolveLinks(path) ?? path, directory);
  });
}

/** The mounts among the settings that a file asks for. */
export const mountsOf = (asks: readonly PermissionRequest[]): readonly RealPath[] =>
  asks.flatMap(({ mount }) => (mount === undefined ? [] : [mount]));

type Checked = {
  readonly unapproved: readonly Unapproved[];
  /** Every mount of the files that were checked, as it leads now. */
  readonly mounts: readonly RealPath[];
};

/** Checks the project files that no directory of the user's trusts. Approvals are read only where a file needs one. */
async function checkFiles(files: readonly ConfigFile[], here: HostEnvironment): Promise<Checked> {
  const trusted = files
    .filter(({ global }) => global)
    .flatMap(({ path, config }) =>
      (config.trusted_paths ?? []).map((value) => ({ value, from: path })),
    );
  const place = askPlace(here);
  const checked = files
    .filter(({ global, path }) => !global && !isTrusted(dirname(path), trusted, here.home))
    .map((file) => ({
      file,
      all: requestsOf(file.config, dirname(file.path), place),
      asks: requestsOf(file.config, dirname(file.path), { ...place, cwd: here.cwd }),
    }));
  const mounts = checked.flatMap(({ all }) => mountsOf(all));
  const asking = checked.filter(({ asks }) => asks.length > 0);
  if (asking.length === 0) return { unapproved: [], mounts };
  const record = await readTrust(trustStore(here));
  const unapproved = asking.flatMap(({ file, asks }) => {
    const reason = whyNot(record, file, asks);
    if (reason === undefined) return [];
    const approved = record.files[file.path]?.mounts ?? {};
    return [
      { file, asks: requestsOf(file.config, dirname(file.path), { ...place, approved }), reason },
    ];
  });
  return { unapproved, mounts };
}

function whyNot(
  record: TrustRecord,
  { path, text }: ConfigFile,
  asks: readonly PermissionRequest[],
): Reason | undefined {
  const approval = record.files[path];
  if (approval === undefined) return "new";
  if (!isApproved(record, path, text)) return "changed";
  return movedMounts(approval.mounts, mountsOf(asks)).length > 0 ? "moved" : undefined;
}

/** The project files that must not be obeyed yet. */
export async function unapprovedFiles(
  files: readonly ConfigFile[],
  here: HostEnvironment,
): Promise<readonly Unapproved[]> {
  return (await checkFiles(files, here)).unapproved;
}

/** Those of the files that a run would obey without a question. @param leaveOut is called for one that sets a backend. */
export async function obeyedFiles(
  files: readonly ConfigFile[],
  here: HostEnvironment,
  leaveOut: (file: LeftOut) => void,
): Promise<readonly ConfigFile[]> {
  if (trustsAll(here)) return files;
  const open = await unapprovedFiles(files, here).catch((error: unknown) => {
    // Approvals that cannot be read approve nothing.
    if (!(error instanceof SiloError)) throw error;
    leaveOut({ why: error.message, next: `to fix it: ${error.hint ?? "silo config trust"}` });
    return files.filter(({ global }) => !global).map((file) => ({ file, asks: [] }));
  });
  for (const { file, asks } of open) {
    if (!asks.some(({ key: [first = ""] }) => first.startsWith("backend"))) continue;
    const why = `${displayPath(file.path, here.home)} is not approved`;
    leaveOut({ why, next: "to approve it: silo config trust" });
  }
  return files.filter((file) => !open.some((other) => other.file === file));
}

/** Whether a run would obey this text of a project's file; where that cannot be told, it would not. */
export async function needsNoApproval(
  path: string,
  text: string,
  here: HostEnvironment,
): Promise<boolean> {
  const parsed = parseConfig(text);
  try {
    if ("problems" in parsed) return isApproved(await readTrust(trustStore(here)), path, text);
    const own = globalFile(here.home, here.env);
    const ownText = (await readSettings(own))?.text ?? "";
    const ownParsed = parseConfig(ownText);
    const trusting = "config" in ownParsed ? ownParsed.config : {};
    const files = [
      { path: own, text: ownText, global: true, config: trusting },
      { path, text, global: false, config: parsed.config },
    ];
    return (await unapprovedFiles(files, here)).length === 0;
  } catch (error) {
    log.warn(errorText(error));
    return false;
  }
}

/** Approves one content of a file, with its mounts as they lead now, or as they were shown. */
export async function approveText(
  path: string,
  text: string,
  here: HostEnvironment,
  shown?: readonly RealPath[],
): Promise<void> {
  const parsed = parseConfig(text);
  const config = "config" in parsed ? parsed.config : {};
  const mounts = shown ?? mountsOf(requestsOf(config, dirname(path), askPlace(here)));
  await updateTrust(trustStore(here), (record) => withApproval(record, path, text, mounts));
}

/**
 * Lets only approved files pass: on a terminal shows what the others ask for and asks once.
 * @returns every mount of these files as it led when it was checked or shown.
 * @throws SiloError where one is not approved.
 */
export async function ensureApproved(
  files: readonly ConfigFile[],
  here: HostEnvironment,
): Promise<readonly RealPath[]> {
  warnOfTrustedPaths(files, here);
  if (trustsAll(here)) return [];
  const { unapproved, mounts } = await checkFiles(files, here);
  if (unapproved.length > 1 && !canAsk()) throw severalUnapproved(unapproved, here);
  for (const { file, asks, reason } of unapproved) {
    await approveNow(`${displayPath(file.path, here.home)} ${REASONS[reason]}`, asks);
    await approveText(file.path, file.text, here, mountsOf(asks));
  }
  return mounts;
}

/** Asks the user. @throws SiloError where the answer is no, or there is no terminal to ask on. */
export async function approveNow(
  problem: string,
  asks: readonly PermissionRequest[],
): Promise<void> {
  const lines = asks.map(({ text }) => text);
  if (!canAsk()) throw new SiloError(problem, { detail: lines, hint: HINT });
  const what = lines.length === 1 ? "this setting" : `these ${lines.length} settings`;
  if (await confirmShown(`${problem}:`, lines, `Allow ${what}?`)) return;
  throw new SiloError("not approved, so not started", { hint: REFUSED });
}

function severalUnapproved(open: readonly Unapproved[], { home }: HostEnvironment): SiloError {
  const detail = open.flatMap(({ file, asks }) => [
    `${displayPath(file.path, home)}:`,
    ...asks.map(({ text }) => `  ${text}`),
  ]);
  return new SiloError(
    `${open.length} files request settings beyond the defaults and are not trusted`,
    { detail, hint: HINT },
  );
}

function warnOfTrustedPaths(files: readonly ConfigFile[], { home }: HostEnvironment): void {
  for (const { path, config, global } of files) {
    if (global || config.trusted_paths === undefined) continue;
    log.warn(
      `trusted_paths in ${displayPath(path, home)} has no effect: only the global file may trust`,
    );
  }
}
