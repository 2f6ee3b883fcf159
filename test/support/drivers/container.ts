import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { installFront, SYSTEM_PATH } from "../front.ts";
import { BASE_IMAGE, DOUBLES } from "../settings.ts";
import type { World } from "../world.ts";
import type { Driver } from "./driver.ts";
import { onEngine } from "./engine.ts";

const ask = ({ env }: World, ...args: readonly string[]) =>
  void spawnSync("container", args, { env });

const played = onEngine("fake.project", '{{.Label "fake.id"}}');

/** A double of Apple's command on a Docker engine. */
export const container: Driver = {
  ...played,
  // The double is in PATH, so silo auto-detects it.
  prepare: (root) => {
    for (const name of ["bin", "state"]) mkdirSync(join(root, name), { recursive: true });
    symlinkSync(join(DOUBLES, "apple/container"), join(root, "bin/container"));
    return {
      PATH: `${root}/bin:${installFront(root, "docker")}:${SYSTEM_PATH}`,
      DOUBLE_BUN: process.execPath,
      DOUBLE_STATE: join(root, "state"),
    };
  },
  sweep: (world) => {
    // A missing image must be built, never pulled from a registry.
    if (existsSync(join(world.root, "state/pulls")))
      throw new Error("an image was asked of a registry");
    return played.sweep(world);
  },
  makeForeign: (world, name) => ask(world, "create", "--name", name, BASE_IMAGE, "true"),
  removeForeign: (world, name) => ask(world, "delete", "--force", name),
};
