import { list, object, text, type Json } from "../../core/json.ts";
import { LABEL, readLabels } from "../engine/labels.ts";
import { jsonIn } from "../remote/json-output.ts";
import type { Machine } from "../remote/provider.ts";
import { listArgs, tagOf } from "./args.ts";
import { flyctl, type FlyContext } from "./flyctl.ts";

const number = (value: unknown) => (typeof value === "number" ? value : 0);

/** Maps Fly.io's machine states (fly.io/docs/machines/machine-states). */
function phaseOf(state: string): Machine["phase"] {
  if (state === "started") return "running";
  if (state === "destroyed") return "destroyed";
  if (state.startsWith("destroy")) return "destroying";
  return /^(stop|suspend|fail)/.test(state) ? "stopped" : "starting";
}

/** silo's labels in a machine's metadata; undefined if silo did not start the machine. */
function labelsOf(metadata: Json): Machine["labels"] {
  return metadata[LABEL.session] === undefined ? undefined : readLabels(metadata);
}

/**
 * Maps a row of `fly machine list --json`. A machine whose host does not respond has an `incomplete_config` instead of
 * its configuration (fly-go machine_types.go).
 */
export function machineOf(row: Json): Machine {
  const config = object(row["config"] ?? row["incomplete_config"]);
  const guest = object(config["guest"]);
  const image = object(row["image_ref"]);
  const exit = list(row["events"]).map((event) => object(object(event["request"])["exit_event"]));
  const [state, memoryMb] = [text(row["state"]), number(guest["memory_mb"])];
  const size = { kind: text(guest["cpu_kind"]), cpus: number(guest["cpus"]), memoryMb };
  const phase = phaseOf(state);
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    state,
    phase,
    created: text(row["created_at"]) || undefined,
    image: tagOf(text(image["repository"]), text(image["tag"])),
    labels: labelsOf(object(config["metadata"])),
    reachable: ["", "ok"].includes(text(row["host_status"])),
    outOfMemory: exit[0]?.["oom_killed"] === true,
    memoryMb,
    details: phase === "running" ? [`about $${hourlyCost(size).toFixed(2)} an hour`] : [],
  };
}

/**
 * Lists all machines of the app, including those that silo did not start.
 * @throws SiloError
 */
export async function machines(fly: FlyContext): Promise<readonly Machine[]> {
  const stdout = await flyctl(fly, listArgs(fly.app), "listing the app's machines");
  return list(jsonIn(stdout)).map(machineOf);
}

/** Parses the machine's id in the output of `fly machine run`, which prints it even if waiting for the machine fails (run.go). */
export function launchedId(stdout: string): string | undefined {
  return /^\s*Machine ID:\s*([0-9a-f]+)\s*$/m.exec(stdout)?.[1];
}

/**
 * Estimated prices in US dollars a month, from Fly.io's price list of 2026 for the cheapest regions. A shared CPU
 * includes 256 MB; more memory is billed by the gigabyte.
 */
const MONTHLY = { shared: 0.69, performance: 21, gigabyte: 5 } as const;
/** Hours in a month. */
const HOURS = 730;

type Size = { readonly kind: string; readonly cpus: number; readonly memoryMb: number };

/** The estimated price of a running machine, in US dollars an hour. */
export function hourlyCost({ kind, cpus, memoryMb }: Size): number {
  const processor = kind === "performance" ? MONTHLY.performance : MONTHLY.shared;
  return (processor * cpus + (MONTHLY.gigabyte * memoryMb) / 1024) / HOURS;
}
