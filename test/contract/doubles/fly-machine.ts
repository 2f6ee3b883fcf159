/** `fly machine …`. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "./fly-console.ts";
import { all, on, one, shellWords, type Parsed } from "./fly-grammar.ts";
import {
  appExists,
  boot,
  containerOf,
  destroy,
  docker,
  Failure,
  forgetMemory,
  freeName,
  hits,
  isPushed,
  knob,
  liveOf,
  machinesOf,
  newId,
  newInstance,
  readMachine,
  reserveName,
  saveMachine,
  start,
  state,
  stateOf,
  takeKnob,
  type Config,
  type Live,
  type Machine,
} from "./fly-state.ts";

export const REGIONS: Readonly<Record<string, string>> = {
  ams: "Amsterdam, Netherlands",
  arn: "Stockholm, Sweden",
  fra: "Frankfurt, Germany",
  gru: "Sao Paulo, Brazil",
  iad: "Ashburn, Virginia (US)",
  lhr: "London, United Kingdom",
  nrt: "Tokyo, Japan",
  ord: "Chicago, Illinois (US)",
  sin: "Singapore, Singapore",
  sjc: "San Jose, California (US)",
  syd: "Sydney, Australia",
};

/** Whether a text contains the world's secret, plain or in base64. */
export function hasSecret(text: string): boolean {
  const file = join(state, "secret");
  const secret = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  if (secret === "") return false;
  const forms = [secret, Buffer.from(secret).toString("base64").replace(/=+$/, "")];
  return forms.some((form) => text.includes(form));
}

/** Fails and records a leak if a text contains the secret. */
export function mustNotLeak(where: string, text: string): void {
  if (!hasSecret(text)) return;
  writeFileSync(join(state, "leaked"), `${where}: ${text}\n`);
  say(2, `*** THE SECRET STANDS IN ${where}: ${text} ***\n`);
  process.exit(99);
}

// Launching.

const launchFailure = (text: string) =>
  new Failure(`could not launch machine: failed to launch VM: ${text}`);

function pairs(parsed: Parsed, name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    all(parsed, name).map((text) => {
      const [key = "", value] = text.split(/=(.*)/s);
      if (value === undefined)
        throw new Failure(`invalid key/value pairs specified for flag ${name}`);
      return [key, value];
    }),
  );
}

/** Megabytes, or a number with its unit. */
function megabytes(text: string): number {
  const [, number, unit = "mb"] = /^(\d+)\s*(mb|gb|m|g)?$/i.exec(text) ?? [];
  if (number === undefined) throw new Failure(`invalid memory size: invalid size: '${text}'`);
  return Number(number) * (unit.toLowerCase().startsWith("g") ? 1024 : 1);
}

function guestOf(parsed: Parsed): Config["guest"] {
  const kind = one(parsed, "vm-cpu-kind") || "shared";
  const cpus = Number(one(parsed, "vm-cpus") || "1");
  const least = kind === "shared" ? 256 : 2048;
  const memory =
    one(parsed, "vm-memory") === "" ? least * cpus : megabytes(one(parsed, "vm-memory"));
  if (one(parsed, "vm-size") !== "") throw new Failure("the double plays no --vm-size");
  if (one(parsed, "vm-gpus") !== "" || one(parsed, "vm-gpu-kind") !== "")
    throw new Failure("GPU machines are no longer available");
  if (!["shared", "performance"].includes(kind))
    throw launchFailure(
      `invalid_argument: invalid config.guest.cpu_kind, must be shared or performance`,
    );
  if (![1, 2, 4, 6, 8, 16].includes(cpus))
    throw launchFailure(`invalid_argument: invalid config.guest.cpus, ${cpus} are not offered`);
  const most = (kind === "shared" ? 2048 : 8192) * cpus;
  if (memory < least * cpus || memory > most || memory % 256 !== 0)
    throw launchFailure(
      `invalid_argument: invalid config.guest.memory_mb, ${memory} is not between ${least * cpus} and ${most} in steps of 256`,
    );
  return { cpu_kind: kind, cpus, memory_mb: memory };
}

function oneOf(parsed: Parsed, name: string, allowed: readonly string[], text: string): string {
  const value = one(parsed, name);
  if (value !== "" && !allowed.includes(value)) throw new Failure(text);
  return value;
}

/** Refuses flags that the double does not support. */
function refuseUnplayed(parsed: Parsed): void {
  const unplayed = ["shell", "volume", "machine-config", "container", "schedule", "standby-for"];
  for (const name of [...unplayed, "file-local", "file-literal", "file-secret", "port"])
    if (parsed.flags.has(name))
      throw new Failure(`the double does not play --${name} of machine run`);
  if (parsed.flags.has("id"))
    throw new Failure("to update an existing machine, use 'flyctl machine update'");
}

function configOf(parsed: Parsed, image: string, command: readonly string[]): Config {
  const persist = oneOf(
    parsed,
    "rootfs-persist",
    ["never", "always", "restart"],
    "invalid rootfs-persist value, must be one of: never, always, restart",
  );
  const restart = oneOf(
    parsed,
    "restart",
    ["no", "always", "on-failure"],
    "invalid restart provided",
  );
  const entrypoint = one(parsed, "entrypoint");
  const remove = on(parsed, "rm");
  return {
    env: pairs(parsed, "env"),
    init: {
      ...(command.length === 0 ? {} : { cmd: command }),
      ...(entrypoint === "" ? {} : { entrypoint: shellWords(entrypoint) }),
    },
    guest: guestOf(parsed),
    metadata: pairs(parsed, "metadata"),
    image,
    ...(remove ? { auto_destroy: true } : {}),
    restart: { policy: remove ? "no" : restart || "always" },
    ...(persist === "" ? {} : { rootfs: { persist } }),
    dns: { skip_registration: on(parsed, "skip-dns-registration") },
  };
}

const refuses: readonly (readonly [knob: string, text: string, more: string])[] = [
  [
    "region-full",
    "aborted: could not reserve resource for machine: insufficient memory available to fulfill request",
    "Try choosing a different region for machine creation\n",
  ],
  [
    "quota",
    'permission_denied: creating this machine would put organization "personal" over the allowed quota of memory in this region',
    "",
  ],
  [
    "billing",
    "We need your payment information to continue! Add a credit card or buy credit: https://fly.io/dashboard/personal/billing",
    "",
  ],
];

/** Requests that the server refuses. */
function checkServer(region: string): void {
  for (const [name, text, more] of refuses)
    if (hits(name)) throw new Failure(launchFailure(text).message, more);
  if (!(region in REGIONS) || hits("region-unknown"))
    throw launchFailure(`invalid_argument: region ${region} not found`);
}

function findImage(image: string): { digest: string; size: number } {
  say(2, `Searching for image '${image}' remotely...\n`);
  const missing = takeKnob("image-missing-once") !== undefined || !isPushed(image);
  const { code, stdout } = docker(["image", "inspect", "--format", "{{.Id}} {{.Size}}", image]);
  if (missing || code !== 0) throw new Failure(`could not find image ${JSON.stringify(image)}`);
  const [digest = "", size = "0"] = stdout.trim().split(" ");
  say(2, `image found: img_${digest.slice(7, 23)}\n`);
  say(1, `Image: ${image}@${digest}\nImage size: ${sized(Number(size))}\n\n`);
  return { digest, size: Number(size) };
}

/** Decimal units, one digit behind the point below ten. */
function sized(bytes: number): string {
  const [unit, scale] = bytes >= 1e9 ? ["GB", 1e9] : ["MB", 1e6];
  const value = bytes / scale;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

function privateIp(): string {
  const part = () =>
    randomBytes(2)
      .toString("hex")
      .replace(/^0+(?=.)/, "");
  return `fdaa:0:${part()}:a7b:${part()}:${part()}:${part()}:2`;
}

function taken(app: string, name: string, id: string): void {
  const holder = takeKnob("name-taken-once") === undefined ? reserveName(app, name, id) : newId();
  if (holder !== undefined)
    throw launchFailure(
      `already_exists: unique machine name violation, machine ID ${holder} already exists with name ${JSON.stringify(name)}`,
    );
}

function launch(parsed: Parsed, app: string, image: string, command: readonly string[]): Machine {
  const config = configOf(parsed, image, command);
  mustNotLeak("THE MACHINE'S CONFIG", JSON.stringify(config));
  const { digest } = findImage(image);
  if (on(parsed, "build-only")) process.exit(0);
  const region = one(parsed, "region") || "iad";
  checkServer(region);
  const id = newId();
  const name = one(parsed, "name") || `double-${id.slice(0, 6)}`;
  taken(app, name, id);
  const machine: Machine = {
    id,
    name,
    app,
    region,
    image,
    digest,
    instance: newInstance(),
    ip: privateIp(),
    created: new Date().toISOString(),
    config,
    destroyed: false,
  };
  try {
    boot(machine);
  } catch (error) {
    freeName(app, name);
    docker(["rm", "--force", containerOf(id)]);
    throw error;
  }
  saveMachine(machine);
  return machine;
}

export function run(parsed: Parsed, app: string): number {
  const [image = "", ...command] = parsed.words;
  if (app === "" || !appExists(app)) throw new Failure("prompt: non interactive");
  refuseUnplayed(parsed);
  if (image === "") throw new Failure("image argument can't be an empty string");
  if (/^[./]/.test(image)) throw new Failure("the double builds nothing in machine run");
  const isCreate = parsed.command === "machine create";
  const { id, instance, ip } = launch(parsed, app, image, command);
  say(
    1,
    `Success! A Machine has been successfully ${isCreate ? "created" : "launched"} in app ${app}\n Machine ID: ${id}\n Instance ID: ${instance}\n State: created\n`,
  );
  if (isCreate) return (docker(["stop", "--time=0", containerOf(id)]), 0);
  say(1, "\n Attempting to start machine...\n\n");
  if (hits("id-then-fail"))
    throw new Failure(
      "timeout reached waiting for machine's state to change",
      `The machine ${id} took more than 5m0s to reach "started"\n`,
    );
  if (!on(parsed, "detach")) say(1, "==> Monitoring health checks\n\n");
  say(1, `Machine started, you can connect via the following private ip\n  ${ip}\n`);
  return 0;
}

// Listing.

function eventsOf({ created, id }: Machine, { exit, state: now }: Live): readonly object[] {
  const at = (text: string) => Date.parse(text) || Date.now();
  const event = (type: string, status: string, source: string, timestamp: number, more = {}) => ({
    id: `${type}-${id}`,
    type,
    status,
    source,
    timestamp,
    ...more,
  });
  return [
    ...(exit === undefined || now === "started"
      ? []
      : [
          event("exit", "stopped", "flyd", at(exit.at), {
            request: {
              exit_event: {
                requested_stop: false,
                restarting: false,
                guest_exit_code: 0,
                guest_signal: -1,
                exit_code: exit.code,
                signal: exit.oom ? 9 : -1,
                oom_killed: exit.oom,
                exited_at: new Date(at(exit.at)).toISOString(),
              },
            },
          }),
        ]),
    event("start", "started", "flyd", at(created) + 1),
    event("launch", "created", "user", at(created)),
  ];
}

function rowOf(machine: Machine, live: Live): object {
  const far = knob("unreachable-host");
  const unreachable = far === "" || far === machine.id;
  const [registry = "", rest = ""] = machine.image.split(/\/(.*)/s);
  const [repository = "", tag = ""] = rest.split(":");
  const events = eventsOf(machine, live);
  return {
    id: machine.id,
    name: machine.name,
    state: live.state,
    region: machine.region,
    image_ref: { registry, repository, tag, digest: machine.digest },
    instance_id: machine.instance,
    private_ip: machine.ip,
    created_at: machine.created,
    updated_at: live.exit?.at ?? machine.created,
    ...(unreachable ? {} : { config: machine.config, events }),
    host_status: unreachable ? "unreachable" : "ok",
    cordoned: false,
    ...(unreachable ? { incomplete_config: machine.config } : {}),
  };
}

/** JSON in Go's format: indented by four spaces, with escaped angle brackets. */
export function asJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 4);
  return `${text.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026")}\n`;
}

function present(app: string): readonly (readonly [Machine, Live])[] {
  const machines = machinesOf(app);
  const live = liveOf(machines);
  return machines
    .map((machine) => [machine, live.get(machine.id) ?? { state: "destroyed" }] as const)
    .filter(([, { state: now }]) => now !== "destroyed")
    .toSorted(([a], [b]) => b.created.localeCompare(a.created));
}

export function list(parsed: Parsed, app: string, json: boolean): number {
  if (!appExists(app)) throw new Failure("failed to list VMs: app not found");
  const rows = present(app);
  if (json) say(1, asJson(rows.map(([machine, live]) => rowOf(machine, live))));
  else if (on(parsed, "quiet")) say(1, rows.map(([{ id }]) => `${id}  \n`).join(""));
  else if (rows.length === 0) say(1, `No machines are available on this app ${app}\n`);
  else {
    const lines = rows.map(([{ id, name, region }, live]) =>
      [id, name, live.state, region].join("\t"),
    );
    say(
      1,
      `${rows.length} machines have been retrieved from app ${app}.\nView them in the UI here (https://fly.io/apps/${app}/machines/)\n\n${app}\nID\tNAME\tSTATE\tREGION\n${lines.join("\n")}\n\n`,
    );
  }
  return 0;
}

// One machine, or several.

/** The machine with an id in this app. @throws Failure with flyctl's message. */
function machineOf(app: string, id: string): Machine {
  const machine = readMachine(id);
  if (machine === undefined || (app !== "" && machine.app !== app))
    throw new Failure(`machine ${id} was not found in app '${app}'`);
  if (app !== "" && !appExists(app))
    throw new Failure(`could not get machine ${id}: failed to get VM ${id}: app not found`);
  return machine;
}

function chosen(parsed: Parsed, app: string, ids: readonly string[]): readonly Machine[] {
  if (on(parsed, "select") && ids.length > 0)
    throw new Failure("machine IDs can't be used with --select");
  if (ids.length === 0 && app === "") throw new Failure("a machine ID or an app name is required");
  if (ids.length === 0)
    throw new Failure("a machine ID must be specified when not running interactively");
  return ids.map((id) => machineOf(app, id));
}

export function status(parsed: Parsed, app: string): number {
  for (const machine of chosen(parsed, app, parsed.words)) {
    if (on(parsed, "display-config"))
      return (say(1, `${JSON.stringify(machine.config, undefined, 2)}\n`), 0);
    const { id, instance, name, region, ip } = machine;
    say(
      1,
      `Machine ID: ${id}\nInstance ID: ${instance}\nState: ${stateOf(machine)}\nHostStatus: ok\n\nVM\n  ID         = ${id}\n  Name       = ${name}\n  Private IP = ${ip}\n  Region     = ${region}\n\nEvent Logs\n`,
    );
  }
  return 0;
}

/** Parses a duration of Go into milliseconds, and formats it like Go. */
function durationOf(text: string): { ms: number; shown: string } {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  const ms = [...text.matchAll(/([\d.]+)(ms|h|m|s)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? "s"] ?? 0),
    0,
  );
  const seconds = ms / 1000;
  const minutes = Math.floor(seconds / 60);
  return { ms, shown: minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s` };
}

const SETTLED = ["started", "stopped", "suspended", "destroyed", "failed"];

export async function wait(parsed: Parsed, app: string): Promise<number> {
  const wanted = one(parsed, "state") || "settled";
  const { ms, shown } = durationOf(one(parsed, "wait-timeout") || "5m");
  const [machine] = chosen(parsed, app, parsed.words);
  if (machine === undefined) throw new Failure("no machine");
  const { id } = machine;
  say(1, `Waiting up to ${shown} for machine ${id} to reach ${JSON.stringify(wanted)}...\n`);
  const limit = Date.now() + ms;
  for (;;) {
    const now = stateOf(machine);
    if (now === wanted || (wanted === "settled" && SETTLED.includes(now))) {
      say(1, `Machine ${id} reached state ${JSON.stringify(now)}\n`);
      return 0;
    }
    if (Date.now() >= limit)
      throw new Failure(`machine ${id} did not reach ${JSON.stringify(wanted)} within ${shown}`);
    // Signals must interrupt the wait.
    await Bun.sleep(100);
  }
}

export function startAll(parsed: Parsed, app: string): number {
  for (const machine of chosen(parsed, app, parsed.words)) {
    const { id } = machine;
    if (hits("start-fails"))
      throw new Failure(
        `could not start machine due to lack of capacity. Try 'flyctl machine clone ${id} -a ${app}'`,
      );
    const now = stateOf(machine);
    if (now === "destroyed")
      throw new Failure(
        `could not start machine ${id}: failed to start VM ${id}: failed_precondition: unable to start machine from current state: 'destroyed'`,
      );
    if (now !== "started") start(machine);
    say(1, `${id} has been started\n`);
  }
  return 0;
}

export function stopAll(parsed: Parsed, app: string): number {
  for (const machine of chosen(parsed, app, parsed.words)) {
    const { id } = machine;
    const suspend = parsed.command === "machine suspend";
    if (!suspend) say(1, `Sending kill signal to machine ${id}...\n`);
    if (suspend) docker(["pause", containerOf(id)]);
    else {
      forgetMemory(id);
      docker(["stop", `--time=${one(parsed, "timeout") || "5"}`, containerOf(id)]);
    }
    say(1, `${id} has been successfully ${suspend ? "suspended" : "stopped"}\n`);
  }
  return 0;
}

export function destroyAll(parsed: Parsed, app: string): number {
  if (one(parsed, "image") !== "") throw new Failure("the double does not destroy by image");
  const force = on(parsed, "force");
  for (const machine of chosen(parsed, app, parsed.words)) {
    const { id } = machine;
    const now = stateOf(machine);
    if (now === "destroyed") throw new Failure(`machine ${id} has already been destroyed`);
    if (now === "started" && !force)
      throw new Failure(`machine ${id} currently started, either stop first or use --force flag`);
    if (!["started", "stopped", "suspended"].includes(now) && !force)
      throw new Failure(
        `machine ${id} is in a ${now} state and cannot be destroyed since it is not stopped or suspended, either stop first or use --force flag`,
      );
    say(1, `machine ${id} was found and is currently in ${now} state, attempting to destroy...\n`);
    if (hits("destroy-fails"))
      throw new Failure(
        `could not destroy machine ${id}: failed to destroy VM ${id}: unavailable: the host of this machine does not answer`,
      );
    destroy(machine);
    say(1, `${id} has been destroyed\n`);
  }
  return 0;
}

export function exec(parsed: Parsed, app: string, json: boolean): number {
  const [id, command = ""] = parsed.words.length === 2 ? parsed.words : ["", parsed.words[0]];
  const [machine] = chosen(parsed, app, id === "" || id === undefined ? [] : [id]);
  if (machine === undefined) throw new Failure("no machine");
  if (stateOf(machine) !== "started")
    throw new Failure(
      `could not exec command on machine ${id}: failed to exec on VM ${id}: failed_precondition: machine not running`,
    );
  const { code, stdout, stderr } = docker([
    "exec",
    "--user=root",
    containerOf(machine.id),
    ...shellWords(command),
  ]);
  if (json) {
    const answer = {
      ...(code === 0 ? {} : { exit_code: code }),
      ...(stdout === "" ? {} : { stdout }),
      ...(stderr === "" ? {} : { stderr }),
    };
    return (say(1, asJson(answer)), 0);
  }
  // The command succeeds even if the remote command fails.
  say(1, `${code === 0 ? "" : `Exit code: ${code}\n`}${stdout}`);
  say(2, stderr);
  return 0;
}
