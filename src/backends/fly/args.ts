import type { ImagePlan, RunPlan, Session } from "../../core/types.ts";
import { pairs, runLabels } from "../engine/labels.ts";

/** How machines are made, from the configuration. */
export type FlySettings = {
  readonly app: string;
  readonly region: string;
  readonly cpus: number;
  readonly memoryMb: number;
  /** Patterns that are not synchronised. */
  readonly ignore: readonly string[];
  /** Whether the tool has a terminal that outlives the link. */
  readonly persist: boolean;
};

/** Where machines' images lie; flyctl pushes there whatever else is configured (internal/build/imgsrc/docker.go). */
const REGISTRY = "registry.fly.io";

/** An image's label in the app's repository: `silo-codex:0123` becomes `silo-codex-0123`. */
export function imageLabel(tag: string): string {
  return tag.replace(":", "-");
}

export function imageReference(app: string, tag: string): string {
  return `${REGISTRY}/${app}:${imageLabel(tag)}`;
}

/** silo's own tag of a machine's image. */
export function tagOf(repository: string, label: string): string {
  const parts = /^(silo-[a-z]+)-([0-9a-f]{16})$/.exec(label);
  return parts === null ? `${repository}:${label}` : `${parts[1]}:${parts[2]}`;
}

/** Keeps the machine up, and notes the image's environment for those who come in by another door. */
const KEEPER =
  'umask 077; mkdir -p /run/silo; cat /proc/self/environ >/run/silo/image-env; trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done';

/**
 * `fly machine run`. No value of a variable stands in it, since a machine's configuration can be read by all of the
 * organisation. Its root file system lasts, so that work that is not home yet outlives a restart of the host.
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
    KEEPER,
  ];
}

/** `fly deploy` that builds on Fly's builder and pushes, and leaves machines alone. */
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

export function listArgs(app: string): readonly string[] {
  return ["machine", "list", "--app", app, "--json"];
}

/** A command in a machine by Fly's own door, as root; split into words there, and not by a shell (flyctl issue 1442). */
export function consoleArgs(app: string, machine: string, command: string): readonly string[] {
  const at = ["--app", app, "--machine", machine];
  return ["ssh", "console", ...at, "--quiet", "--user", "root", "--command", command];
}

export function startArgs(app: string, machine: string): readonly string[] {
  return ["machine", "start", machine, "--app", app];
}

export function waitArgs(app: string, machine: string, seconds: number): readonly string[] {
  const until = ["--state", "started", "--wait-timeout", `${seconds}s`];
  return ["machine", "wait", machine, "--app", app, ...until];
}

export function destroyArgs(app: string, machine: string): readonly string[] {
  return ["machine", "destroy", machine, "--app", app, "--force"];
}

/** What a machine needs besides the tool: the door for ssh, and terminals that outlive a link. Its keeper is root. */
export const LAYER = `USER 0:0
RUN set -e; export DEBIAN_FRONTEND=noninteractive; missing=; \\
    for package in openssh-server tmux; do \\
      dpkg-query -W -f='\${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"; \\
    done; \\
    [ -n "$missing" ] || exit 0; \\
    apt-get update; apt-get install -y --no-install-recommends $missing; rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_*
`;
