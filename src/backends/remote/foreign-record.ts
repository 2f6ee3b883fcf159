import { normalize } from "node:path";
import * as v from "valibot";
import { within } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { consoleArgs } from "../fly/args.ts";
import { answer, jsonIn } from "../fly/flyctl.ts";
import { flyError } from "../fly/errors.ts";
import type { Here } from "./link/link.ts";
import type { Record } from "./record.ts";

const path = v.pipe(
  v.string(),
  v.regex(/^\/[^\0\n\r]*$/),
  v.check((text) => normalize(text) === text),
);
const id = v.pipe(v.number(), v.integer(), v.minValue(0));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

/** What a machine may tell of itself to a laptop that did not make it. */
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

export type Told = v.InferOutput<typeof schema>;

/** What the machine notes of itself. @throws SiloError where it says nothing that silo wrote. */
export async function theirRecord({ state }: Here, app: string, machine: string): Promise<Told> {
  const args = consoleArgs(app, machine, "/bin/cat /var/lib/silo/run.json");
  const { code, stdout, stderr } = await answer(state, args, { timeoutMs: 60_000 });
  if (/No such file/.test(stderr))
    throw new SiloError("the machine is still starting, or silo did not set it up", {
      hint: "silo ls",
    });
  if (code !== 0) throw flyError(stderr, "asking the machine", app);
  const told = v.safeParse(schema, jsonIn(stdout));
  if (!told.success)
    throw new SiloError("the machine does not say what it has", { hint: "silo ls" });
  return told.output;
}

/** What another laptop wrote, as this one means it: its home is here, and here is nobody else's loopback. */
export function adopt(
  told: Told,
  where: Pick<Record, "app" | "id" | "name">,
  home: string,
): Record {
  const own = (text: string) =>
    within(told.user.home, text) ? home + text.slice(told.user.home.length) : text;
  const syncs = told.layout.syncs.map((sync) => ({ ...sync, local: own(sync.local) }));
  return {
    ...told,
    ...where,
    layout: { ...told.layout, syncs },
    ports: told.ports.map((one) => ({ ...one, hostIp: "127.0.0.1" })),
    elsewhere: false,
  };
}
