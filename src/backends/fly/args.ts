import type { ImagePlan, RunPlan, Session } from "../../core/types.ts";
import { pairs, runLabels } from "../engine/labels.ts";
import { KEEP_ALIVE } from "../remote/link/guest.ts";

/** Settings of machines, from the configuration. */
export type FlySettings = {
  readonly app: string;
  readonly region: string;
  readonly cpus: number;
  readonly memoryMb: number;
};

/** Registry of the machines' images; flyctl always pushes there (internal/build/imgsrc/docker.go). */
const REGISTRY = "registry.fly.io";

/** The image's label in the app's repository: `silo-codex:0123` becomes `silo-codex-0123`. */
export function imageLabel(tag: string): string {
  return tag.replace(":", "-");
}

/** The image's name in Fly's registry. */
export function imageReference(app: string, tag: string): string {
  return `${REGISTRY}/${app}:${imageLabel(tag)}`;
}

/** Reverses `imageReference`: returns silo's own tag of a machine's image. */
export function tagOf(repository: string, label: string): string {
  const parts = /^(silo-[a-z]+)-([0-9a-f]{16})$/.exec(label);
  return parts === null ? `${repository}:${label}` : `${parts[1]}:${parts[2]}`;
}

/**
 * `fly machine run`. The arguments contain no values of variables, since everyone in the organisation can read a
 * machine's configuration. The root file system is persistent, so that unsynced changes survive a restart of the host.
 */
export function runArgs(
  plan: RunPlan,
  session: Session,
  { app, region, cpus, memoryMb }: FlySettings,
): readonly string[] {
  return [
    "machine",
    "run",
    imageReference(app, plan.image.tag),
    "--app",
    app,
    "--region",
    region,
    "--name",
    session.name,
    "--restart",
    "no",
    "--rootfs-persist",
    "always",
    "--detach",
    "--vm-cpu-kind",
    "shared",
    "--vm-cpus",
    String(cpus),
    "--vm-memory",
    String(memoryMb),
    "--skip-dns-registration",
    ...pairs(runLabels(plan, session)).flatMap((pair) => ["--metadata", pair]),
    "--",
    "/bin/sh",
    "-c",
    KEEP_ALIVE,
  ];
}

/** `fly deploy` that only builds the image on Fly's remote builder and pushes it. */
export function deployArgs(
  image: ImagePlan,
  app: string,
  folder: string,
  fresh: boolean,
): readonly string[] {
  return [
    "deploy",
    folder,
    "--app",
    app,
    "--config",
    `${folder}/fly.toml`,
    "--dockerfile",
    `${folder}/Dockerfile`,
    "--build-only",
    "--push",
    "--remote-only",
    "--image-label",
    imageLabel(image.tag),
    ...Object.entries(image.buildArgs).flatMap(([name, value]) => [
      "--build-arg",
      `${name}=${value}`,
    ]),
    ...(fresh ? ["--no-cache"] : []),
    "--yes",
  ];
}

/** `fly machine list` of all machines of the app. */
export function listArgs(app: string): readonly string[] {
  return ["machine", "list", "--app", app, "--json"];
}

/** `fly ssh console`, which runs a command in a machine as root. The command is split at spaces, without a shell (flyctl issue 1442). */
export function consoleArgs(app: string, machine: string, command: string): readonly string[] {
  const at = ["--app", app, "--machine", machine];
  return ["ssh", "console", ...at, "--quiet", "--user", "root", "--command", command];
}

/** `fly machine start`. */
export function startArgs(app: string, machine: string): readonly string[] {
  return ["machine", "start", machine, "--app", app];
}

/** `fly machine wait`, which waits until the machine has started. */
export function waitArgs(app: string, machine: string, seconds: number): readonly string[] {
  const until = ["--state", "started", "--wait-timeout", `${seconds}s`];
  return ["machine", "wait", machine, "--app", app, ...until];
}

/** `fly machine destroy`, whether the machine is running or not. */
export function destroyArgs(app: string, machine: string): readonly string[] {
  return ["machine", "destroy", machine, "--app", app, "--force"];
}
