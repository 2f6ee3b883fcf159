import { list, object, text, type Json } from "../../core/json.ts";
import type { Instance } from "../backend.ts";
import { LABEL, readLabels } from "../engine/labels.ts";
import { listArgs, tagOf } from "./args.ts";
import { ask, jsonIn } from "./flyctl.ts";

/** A machine as silo sees it. */
export type Machine = {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly region: string;
  readonly created: string | undefined;
  /** silo's own tag of its image. */
  readonly image: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly size: { readonly cpus: number; readonly memoryMb: number; readonly kind: string };
  /** Its host answers. */
  readonly reachable: boolean;
  readonly outOfMemory: boolean;
};

const number = (value: unknown) => (typeof value === "number" ? value : 0);

/** One of `fly machine list --json`; a machine whose host does not answer has its configuration elsewhere (fly-go machine_types.go). */
export function machineOf(row: Json): Machine {
  const config = object(row["config"] ?? row["incomplete_config"]);
  const guest = object(config["guest"]);
  const image = object(row["image_ref"]);
  const labels = Object.entries(object(config["metadata"]));
  const exit = list(row["events"]).map((event) => object(object(event["request"])["exit_event"]));
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    state: text(row["state"]),
    region: text(row["region"]),
    created: text(row["created_at"]) || undefined,
    image: tagOf(text(image["repository"]), text(image["tag"])),
    metadata: Object.fromEntries(labels.map(([key, value]) => [key, text(value)])),
    size: {
      cpus: number(guest["cpus"]),
      memoryMb: number(guest["memory_mb"]),
      kind: text(guest["cpu_kind"]),
    },
    reachable: ["", "ok"].includes(text(row["host_status"])),
    outOfMemory: exit[0]?.["oom_killed"] === true,
  };
}

/** Every machine of the app, silo's or not. */
export async function machines(state: string, app: string): Promise<readonly Machine[]> {
  const stdout = await ask(state, listArgs(app), "asking for the app's machines", app);
  return list(jsonIn(stdout)).map(machineOf);
}

export const isOwn = ({ metadata }: Machine) => metadata[LABEL.session] !== undefined;

/** What flyctl prints of a machine that it has just made, even where it fails to wait for it (run.go). */
export function launchedId(stdout: string): string | undefined {
  return /^\s*Machine ID:\s*([0-9a-f]+)\s*$/m.exec(stdout)?.[1];
}

/**
 * US dollars an hour while it runs, as Fly.io's price list had it in 2026 for the cheapest regions: an estimate.
 * Shared processors come with 256 MB each, further memory is paid by the gigabyte.
 */
const MONTHLY = { shared: 0.69, performance: 21, gigabyte: 5 } as const;
const HOURS = 730;

export function hourlyCost({ size }: Machine): number {
  const processor = size.kind === "performance" ? MONTHLY.performance : MONTHLY.shared;
  return (processor * size.cpus + (MONTHLY.gigabyte * size.memoryMb) / 1024) / HOURS;
}

/** A row of `silo ls`. @param note what this machine knows of it besides. */
export function infoOf(machine: Machine, age: string, note: string | undefined): Instance {
  const { state, metadata, created } = machine;
  const running = state === "started";
  const facts = [
    machine.reachable ? state : `${state}, its host does not answer`,
    ...(machine.outOfMemory ? ["ran out of memory"] : []),
    ...(note === undefined ? [] : [note]),
    ...(age === "" ? [] : [age]),
    ...(running ? [`about $${hourlyCost(machine).toFixed(2)} an hour`] : []),
  ];
  return {
    id: machine.id,
    name: machine.name,
    image: machine.image,
    backend: "fly",
    status: facts.join(", "),
    running,
    ...readLabels(metadata),
    created,
  };
}
