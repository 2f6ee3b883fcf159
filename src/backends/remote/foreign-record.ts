import { normalize } from "node:path";
import * as v from "valibot";
import { within } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { jsonIn } from "./json-output.ts";
import { RECORD } from "./link/guest.ts";
import type { Machine, Remote } from "./provider.ts";
import type { MachineRecord } from "./record.ts";

const path = v.pipe(
  v.string(),
  v.regex(/^\/[^\0\n\r]*$/),
  v.check((text) => normalize(text) === text),
);
const id = v.pipe(v.number(), v.integer(), v.minValue(0));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

/** The valid form of a machine's own record. It is checked, because programs in the machine may have changed it. */
const schema = v.object({
  session: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  tool: v.pipe(v.string(), v.regex(/^[a-z]+$/)),
  user: v.object({ name: v.string(), uid: id, gid: id, home: path }),
  workdir: path,
  layout: v.object({
    syncs: v.array(
      v.object({
        kind: v.picklist(["work", "git", "tool", "ro"]),
        of: v.picklist(["file", "dir"]),
        local: path,
        remote: path,
        shown: path,
        ignore: v.array(v.string()),
      }),
    ),
    links: v.array(v.object({ path, to: path })),
  }),
  ports: v.array(
    v.object({
      hostIp: v.pipe(v.string(), v.regex(/^[0-9a-fA-F.:]+$/)),
      host: port,
      guest: port,
      protocol: v.picklist(["tcp", "udp"]),
      optional: v.boolean(),
    }),
  ),
  tty: v.boolean(),
  persist: v.boolean(),
});

/** A checked record that another laptop wrote. */
export type ForeignRecord = v.InferOutput<typeof schema>;

/**
 * Reads the record from the machine.
 * @throws SiloError if it does not exist or is not valid.
 */
export async function fetchRecord(
  { provider }: Remote,
  { id: machine, name }: Machine,
): Promise<ForeignRecord> {
  const asked = { timeoutMs: 60_000 };
  const answer = await provider.runAsRoot(machine, `/bin/cat ${RECORD}`, asked);
  if (/No such file/.test(answer.stderr))
    throw new SiloError(`${name} is still starting, or was not set up by silo`, {
      hint: "silo ls",
    });
  if (answer.outcome !== "done")
    throw provider.explain(answer.stderr, "reading the machine's record");
  const record = v.safeParse(schema, jsonIn(answer.stdout));
  if (!record.success)
    throw new SiloError(`the record in ${name} (${RECORD}) is not valid`, { hint: "silo ls" });
  return record.output;
}

/** Adapts a record of another laptop to this one: rewrites home paths, and binds ports to 127.0.0.1. */
export function importRecord(
  record: ForeignRecord,
  machine: Pick<MachineRecord, "scope" | "id" | "name">,
  home: string,
): MachineRecord {
  const here = (text: string) =>
    within(record.user.home, text) ? home + text.slice(record.user.home.length) : text;
  const syncs = record.layout.syncs.map((sync) => ({ ...sync, local: here(sync.local) }));
  return {
    ...record,
    ...machine,
    layout: { ...record.layout, syncs },
    ports: record.ports.map((one) => ({ ...one, hostIp: "127.0.0.1" })),
    foreign: false,
  };
}
