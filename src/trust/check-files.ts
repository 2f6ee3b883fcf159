import { dirname } from "node:path";
import type { ConfigFile, LeftOut } from "../config/load.ts";
import { displayPath } from "../core/paths.ts";
import { SiloError } from "../errors.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";
import { requestContext, isTrusted, trustsAll, trustStore } from "./context.ts";
import { isApproved, movedMounts, type RealPath, type TrustRecord } from "./record.ts";
import { mountsOf, requestsOf, type PermissionRequest } from "./requests.ts";
import { readTrust } from "./store.ts";

/** Why a project file is not approved. */
export type Reason = "new" | "changed" | "moved";

/** A project file with settings beyond the defaults whose current content is not approved. */
export type Unapproved = {
  readonly file: ConfigFile;
  readonly asks: readonly PermissionRequest[];
  readonly reason: Reason;
};

type Checked = {
  readonly unapproved: readonly Unapproved[];
  /** Every mount of the checked files, with its current real path. */
  readonly mounts: readonly RealPath[];
};

/** Checks the project files outside of `trusted_paths`. Reads approvals only if a file needs one. */
export async function checkFiles(
  files: readonly ConfigFile[],
  here: HostEnvironment,
): Promise<Checked> {
  const trusted = files
    .filter(({ global }) => global)
    .flatMap(({ path, config }) =>
      (config.trusted_paths ?? []).map((value) => ({ value, from: path })),
    );
  const place = requestContext(here);
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

/** The project files that are not approved. */
export async function unapprovedFiles(
  files: readonly ConfigFile[],
  here: HostEnvironment,
): Promise<readonly Unapproved[]> {
  return (await checkFiles(files, here)).unapproved;
}

/** The files for which a run would ask for approval. Those that set a backend are in `leftOut` too. */
export async function filesToIgnore(
  files: readonly ConfigFile[],
  here: HostEnvironment,
): Promise<{ readonly files: readonly ConfigFile[]; readonly leftOut: readonly LeftOut[] }> {
  if (trustsAll(here)) return { files: [], leftOut: [] };
  try {
    const open = await unapprovedFiles(files, here);
    const setting = open.filter(({ asks }) =>
      asks.some(({ key: [first = ""] }) => first.startsWith("backend")),
    );
    return {
      files: open.map(({ file }) => file),
      leftOut: setting.map(({ file }) => ({
        why: `${displayPath(file.path, here.home)} is not approved`,
        next: "to approve it: silo config trust",
      })),
    };
  } catch (error) {
    // If approvals cannot be read, no project file is approved.
    if (!(error instanceof SiloError)) throw error;
    const next = `to fix it: ${error.hint ?? "silo config trust"}`;
    return {
      files: files.filter(({ global }) => !global),
      leftOut: [{ why: error.message, next }],
    };
  }
}
