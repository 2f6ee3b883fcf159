import { afterAll, afterEach, beforeAll, beforeEach, expect } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chownSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bwrap } from "./drivers/bwrap.ts";
import { container } from "./drivers/container.ts";
import { docker } from "./drivers/docker.ts";
import type { Driver } from "./drivers/driver.ts";
import { eventually } from "./eventually.ts";
import { fly } from "./drivers/fly.ts";
import { none } from "./drivers/none.ts";
import { podman } from "./drivers/podman.ts";
import { PROBE_CONFIG, type User } from "./settings.ts";
import { slot } from "./slot.ts";

/** The backends that the common tests cover. Apple's and Fly's commands are doubles, which run containers on a real engine. */
export const BACKENDS = ["docker", "container", "bwrap", "fly"] as const;
const DRIVERS = { docker, podman, container, bwrap, fly, none } satisfies Record<string, Driver>;
export type Backend = keyof typeof DRIVERS;

export type World = {
  readonly backend: Backend;
  readonly driver: Driver;
  readonly root: string;
  readonly home: string;
  readonly project: string;
  readonly user: User | undefined;
  readonly env: Readonly<Record<string, string>>;
};

export type WorldOptions = {
  readonly config?: object;
  readonly project?: string;
  /** The user who owns the world and runs silo; root if undefined. */
  readonly user?: User | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly backend?: Backend;
};

/**
 * Creates a fresh home and project. The home's path is the same for all worlds of a user in a test run, since it is part
 * of the image, so that one build serves all tests.
 */
export function makeWorld(options: WorldOptions = {}): World {
  const { user, backend = "docker", config = PROBE_CONFIG } = options;
  const root = join(tmpdir(), `silo-test-${slot()}-${user?.uid ?? 0}`);
  remove(root);
  const home = join(root, "home");
  const project = join(root, options.project ?? `p${randomUUID().slice(0, 8)}`);
  mkdirSync(join(home, ".config/silo"), { recursive: true });
  mkdirSync(project, { recursive: true });
  const driver = DRIVERS[backend];
  const env = {
    HOME: home,
    USER: user?.name ?? "root",
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    // Images have the versions in the code, so that tests do not depend on new releases.
    SILO_NO_VERSION_CHECK: "1",
    ...driver.prepare(root),
    ...options.env,
  };
  const world: World = { backend, driver, root, home, project, user, env };
  put(world, "home/.config/silo/silo.jsonc", JSON.stringify(config));
  if (user !== undefined) spawnSync("chown", ["-Rh", `${user.uid}:${user.gid}`, root]);
  sweepOnce(world);
  if (config === PROBE_CONFIG) driver.prebuild?.(world);
  return world;
}

const swept = new Set<string>();

/** Deletes leftovers of a killed test run with the same number. */
function sweepOnce(world: World): void {
  const key = `${world.backend} ${world.root}`;
  if (!swept.has(key)) world.driver.sweep(world);
  swept.add(key);
}

/**
 * Creates a world before each test of a block, or one for all of them, and destroys it afterwards. A test fails if it has
 * left something running. The returned world is always the current one.
 */
export function useWorld(options: WorldOptions = {}, scope: "test" | "block" = "test"): World {
  let world: World | undefined;
  const current = (): World => {
    if (world === undefined) throw new Error("there is no world outside of a test");
    return world;
  };
  const make = () => void (world = makeWorld(options));
  const clear = async () => {
    // An engine deletes a container shortly after its exit.
    await eventually("nothing is left", () => containers(current()).length === 0, 10_000).catch(
      () => {},
    );
    const left = sweepWorld(current());
    destroyWorld(current());
    expect(left).toEqual([]);
  };
  (scope === "test" ? beforeEach : beforeAll)(make);
  (scope === "test" ? afterEach : afterAll)(clear);
  return follow(current);
}

/** A proxy for the world that `current` returns. */
function follow(current: () => World): World {
  const keys = ["backend", "driver", "root", "home", "project", "user", "env"] as const;
  const getters = keys.map(
    (key) => [key, { enumerable: true, get: () => current()[key] }] as const,
  );
  return Object.defineProperties({} as World, Object.fromEntries(getters));
}

/** Writes a file of the world, owned by its user. */
export function put(world: World, path: string, text: string): string {
  const full = join(world.root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  if (world.user !== undefined) {
    chownSync(dirname(full), world.user.uid, world.user.gid);
    chownSync(full, world.user.uid, world.user.gid);
  }
  return full;
}

export function destroyWorld({ root }: World): void {
  remove(root);
}

/** Renames a directory and deletes it in the background, because deleting a tool with its packages can take minutes. */
function remove(root: string): void {
  if (!existsSync(root)) return;
  const aside = join(tmpdir(), `silo-gone-${randomUUID()}`);
  renameSync(root, aside);
  spawn("rm", ["-rf", aside], { detached: true, stdio: "ignore" }).unref();
}

/** Names of the project's containers: all, or only the running ones. */
export function containers(world: World, which: "all" | "running" = "all"): string[] {
  return world.driver.list(world, which === "running").map(({ name }) => name);
}

/** Deletes the leftovers of a test. @returns their names. */
export function sweepWorld(world: World): readonly string[] {
  return world.driver.sweep(world);
}

/** Kills everything that a world runs, without silo. */
export function killWorld(world: World): void {
  world.driver.kill(world);
}
