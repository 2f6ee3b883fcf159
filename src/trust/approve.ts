import { dirname } from "node:path";
import { globalFile } from "../config/files.ts";
import type { ConfigFile } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import { displayPath } from "../core/paths.ts";
import { errorText, SiloError } from "../errors.ts";
import { readSettings } from "../sys/files/read.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";
import { log } from "../ui/log.ts";
import { canAsk, confirmShown } from "../ui/prompts.ts";
import { checkFiles, unapprovedFiles, type Reason, type Unapproved } from "./check-files.ts";
import { requestContext, trustsAll, trustStore } from "./context.ts";
import { isApproved, withApproval, type RealPath } from "./record.ts";
import { mountsOf, requestsOf, type PermissionRequest } from "./requests.ts";
import { readTrust, updateTrust } from "./store.ts";

const REASONS: Readonly<Record<Reason, string>> = {
  new: "requests settings beyond the defaults and is not trusted",
  changed: "requests settings beyond the defaults and has changed since it was approved",
  moved: "mounts a path that leads elsewhere than when it was approved",
};

export const HINT = "silo config trust   # shows and approves it; SILO_TRUST=1 trusts one run";
const REFUSED = "silo config edit   # or remove these settings";

/** Whether a run would apply this text of a project's file without approval; false if that cannot be determined. */
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
    await log.warn(errorText(error));
    return false;
  }
}

/** Approves one content of a file, with its mounts' real paths now, or as shown to the user. */
export async function approveText(
  path: string,
  text: string,
  here: HostEnvironment,
  shown?: readonly RealPath[],
): Promise<void> {
  const parsed = parseConfig(text);
  const config = "config" in parsed ? parsed.config : {};
  const mounts = shown ?? mountsOf(requestsOf(config, dirname(path), requestContext(here)));
  await updateTrust(trustStore(here), (record) => withApproval(record, path, text, mounts));
}

/**
 * Checks that all files are approved; on a terminal prompts for each that is not.
 * @returns every mount of these files with its real path when it was checked or shown.
 * @throws SiloError if a file is not approved.
 */
export async function ensureApproved(
  files: readonly ConfigFile[],
  here: HostEnvironment,
): Promise<readonly RealPath[]> {
  await warnOfTrustedPaths(files, here);
  if (trustsAll(here)) return [];
  const { unapproved, mounts } = await checkFiles(files, here);
  if (unapproved.length > 1 && !canAsk()) throw severalUnapproved(unapproved, here);
  for (const { file, asks, reason } of unapproved) {
    await approveNow(`${displayPath(file.path, here.home)} ${REASONS[reason]}`, asks);
    await approveText(file.path, file.text, here, mountsOf(asks));
  }
  return mounts;
}

/** Asks the user. @throws SiloError if the answer is no, or stdin is not a TTY. */
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

async function warnOfTrustedPaths(
  files: readonly ConfigFile[],
  { home }: HostEnvironment,
): Promise<void> {
  for (const { path, config, global } of files) {
    if (global || config.trusted_paths === undefined) continue;
    await log.warn(
      `trusted_paths in ${displayPath(path, home)} has no effect: it applies in the global file only`,
    );
  }
}
