import { afterEach, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished, silo, siloCommand, startSilo, type Result } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { put, sweepWorld, type Backend, type World, useWorld } from "../support/world.ts";
import { PROBE_CONFIG, type TESTER } from "../support/settings.ts";
import type { Bind } from "./plain.ts";

/** Time for a test that may have to build an image first. */
export const MINUTES = 5 * 60_000;

export type User = typeof TESTER | undefined;

/** A home for the tests of one block; each test creates its own project in it. */
export type Stage = {
  /** Creates an empty project with a unique name, in the directory `above` of the world if given. */
  readonly project: (above?: string) => World;
  /** The home and configuration that all projects share. */
  readonly world: () => World;
  /** Writes the global configuration: the probe's and more. */
  readonly configure: (more: object) => void;
};

/** Creates a world before the tests of a block, and checks after each test that nothing is left running. */
export function stage(backend: Backend, user?: User): Stage {
  const world = useWorld({ backend, user }, "block");
  const configure = (more: object) =>
    void put(world, "home/.config/silo/silo.jsonc", JSON.stringify({ ...PROBE_CONFIG, ...more }));
  afterEach(() => {
    configure({});
    expect(sweepWorld(world)).toEqual([]);
  });
  const project = (above = "") => {
    const path = join(world.root, above, `p${randomUUID().slice(0, 8)}`);
    mkdirSync(path, { recursive: true });
    const made = { ...world, project: path };
    own(made);
    return made;
  };
  return { project, world: () => world, configure };
}

/** Changes the owner of all files of a world to its user. */
export function own({ root, user }: World): void {
  if (user === undefined) return;
  const { status, stderr } = spawnSync("chown", ["-Rh", `${user.uid}:${user.gid}`, root]);
  if (status !== 0) throw new Error(stderr.toString());
}

/** Writes a file of the project, or of the home with `~/`. */
export function file(world: World, path: string, text: string): string {
  const full = path.startsWith("~/") ? join(world.home, path.slice(2)) : join(world.project, path);
  return put(world, full.slice(world.root.length + 1), text);
}

/** The user's secret outside of all projects; the text is unique. */
export function canary(world: World): string {
  const secret = `canary-${randomUUID()}`;
  file(world, "~/.secret/key", secret);
  own(world);
  return secret;
}

/** Runs silo until it exits, and kills it after a timeout, so that a hang has the exit status 137. */
export async function siloWithin(
  seconds: number,
  world: World,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const [bin, argv] = siloCommand(world, args);
  // By absolute paths, because PATH is only for silo and may be hostile.
  const [timeout = "", command = ""] = ["timeout", bin].map((name) => Bun.which(name) ?? name);
  const child = Bun.spawn([timeout, "--signal=KILL", String(seconds), command, ...argv], {
    cwd: world.project,
    env: { ...world.env, ...env },
    stdin: new Blob([""]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** A running box with a script, until the test stops it. */
export type LiveBox = {
  readonly name: string;
  /** Lets it exit by itself. */
  readonly stop: () => Promise<Result>;
  /** Kills silo with SIGKILL and waits for its exit; processes that it has started may keep running. */
  readonly kill: () => Promise<void>;
};

/** Starts a box in a project and waits until its script has begun. */
export async function liveBox(world: World, script = ":"): Promise<LiveBox> {
  const [up, stop] = [join(world.project, ".up"), join(world.project, ".stop")];
  rmSync(stop, { force: true });
  const wait = "touch .up; until [ -e .stop ]; do sleep 0.05; done; kill %1 2>/dev/null; rm -f .up";
  const child = startSilo(world, ["codex", "--", "probe", `set -m; { ${script}\n} & ${wait}`]);
  const result = finished(child);
  let ended: Result | undefined;
  void result.then((end) => (ended = end));
  await eventually(
    "the box is up",
    () => {
      if (ended !== undefined) throw new Error(`the box did not start: ${ended.stderr}`);
      return existsSync(up);
    },
    MINUTES,
  );
  const listed = await silo(world, ["ls", "--json"]);
  const rows = JSON.parse(listed.stdout) as { name: string; project?: string }[];
  const project = world.project.slice(world.project.lastIndexOf("/") + 1);
  return {
    name: rows.find(({ name }) => name.startsWith(project))?.name ?? "",
    stop: async () => {
      writeFileSync(stop, "");
      return await result;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await eventually("silo is dead", () => child.signalCode !== null);
    },
  };
}

/** The plan of a run, as data. @throws Error if silo refuses the run. */
export async function planned(
  world: World,
  env: Readonly<Record<string, string>> = {},
): Promise<{
  readonly mounts: readonly Bind[];
  readonly env: readonly string[];
  readonly workdir: string;
}> {
  const { code, stdout, stderr } = await silo(world, ["codex", "--dry-run", "--json"], { env });
  if (code !== 0) throw new Error(`no plan: ${stderr}`);
  return JSON.parse(stdout) as Awaited<ReturnType<typeof planned>>;
}
