import { engine, installFront, SYSTEM_PATH } from "../front.ts";
import { BASE_IMAGE } from "../settings.ts";
import type { Driver } from "./driver.ts";
import { onEngine } from "./engine.ts";

export const docker: Driver = {
  ...onEngine("silo.project"),
  prepare: (root) => ({ PATH: `${installFront(root, "docker")}:${SYSTEM_PATH}` }),
  makeForeign: (world, name) => void engine(world, ["create", "--name", name, BASE_IMAGE, "true"]),
  removeForeign: (world, name) => void engine(world, ["rm", "--force", name]),
};
