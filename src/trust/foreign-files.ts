import type { LeftOut } from "../config/load.ts";
import { displayPath } from "../core/paths.ts";
import { shellWord } from "../core/text/quote.ts";
import { isApproved, NO_TRUST } from "./record.ts";
import { lstatOf } from "../sys/files/peek.ts";
import { isOwner } from "../sys/git/repository.ts";
import type { HostEnvironment } from "../sys/host/environment.ts";
import { readTrust } from "./store.ts";
import { trustStore } from "./context.ts";

/** Whether this content of another user's file was approved; false if approvals cannot be read. */
export async function isKnownContent(
  path: string,
  text: string,
  here: HostEnvironment,
): Promise<boolean> {
  const record = await readTrust(trustStore(here)).catch(() => NO_TRUST);
  return isApproved(record, path, text);
}

/** Why another user's file is ignored. */
export function foreignFile(
  path: string,
  { home, cwd }: HostEnvironment,
  owner: number | undefined,
): LeftOut {
  const link = lstatOf(path)?.uid;
  const uid = link === undefined || isOwner(link, cwd) ? owner : link;
  const who = uid === undefined ? "another user" : `another user (uid ${uid})`;
  return {
    why: `${displayPath(path, home)} belongs to ${who}`,
    next: `to use it as it is: silo config trust ${shellWord(path)}`,
  };
}
