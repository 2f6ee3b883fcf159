import { within } from "../core/paths.ts";
import { NO_TRUST, parseRecord, type TrustRecord } from "./record.ts";
import { SiloError } from "../errors.ts";
import { readText } from "../sys/files/read.ts";
import { resolveLinks } from "../sys/files/links.ts";
import { waitForLock } from "../sys/state/locks.ts";
import { replaceFile } from "../sys/files/write.ts";

/** The state directory, which has the approvals, and the working directory, whose tools must not be able to write them. */
export type TrustStore = { readonly state: string; readonly cwd: string; readonly home: string };

const pathOf = ({ state }: TrustStore) => `${state}/silo/trust.json`;

/**
 * The user's approvals.
 * @throws SiloError if a tool could have forged them, or if they are damaged, because ignoring them would overwrite them.
 */
export async function readTrust(store: TrustStore): Promise<TrustRecord> {
  const path = pathOf(store);
  refuseInProject(store);
  const text = await readText(path);
  if (text === undefined) return NO_TRUST;
  const record = parseRecord(text);
  if (record !== undefined) return record;
  throw new SiloError(`approvals in ${path} are damaged`, {
    hint: `rm ${path}   # silo then asks again`,
  });
}

/** Throws if the state directory is inside a project, which could contain forged approvals; a home directory is allowed. */
function refuseInProject({ state, cwd, home }: TrustStore): void {
  const [inner, outer] = [resolveLinks(state) ?? state, resolveLinks(cwd) ?? cwd];
  if (!within(outer, inner) || within(outer, resolveLinks(home) ?? home)) return;
  throw new SiloError(
    `the state directory ${state} is inside the working directory, so a tool could forge approvals`,
    { hint: "unset XDG_STATE_HOME   # or set it to a directory outside the project" },
  );
}

/** Changes the record under a lock, and replaces the file atomically. */
export async function updateTrust(
  store: TrustStore,
  change: (record: TrustRecord) => TrustRecord,
): Promise<void> {
  const lock = await waitForLock(store.state, "trust");
  try {
    const before = await readTrust(store);
    const after = change(before);
    if (after !== before)
      await replaceFile(pathOf(store), `${JSON.stringify(after, undefined, 2)}\n`, 0o600);
  } finally {
    await lock.release();
  }
}
