import { engine, installFront, SYSTEM_PATH } from "../front.ts";
import { BASE_IMAGE } from "../settings.ts";
import type { Driver } from "./driver.ts";
import { onEngine } from "./engine.ts";

/** Podman instead of docker: the backend is still `docker`, with `podman` as its command. */
export const podman: Driver = {
  ...onEngine("silo.project", "{{.Names}}", "podman"),
  // Without FUSE podman would copy whole images, so the kernel's overlayfs is used.
  prepare: (root) => ({
    PATH: `${installFront(root, "podman")}:${SYSTEM_PATH}`,
    STORAGE_DRIVER: "overlay",
  }),
  makeForeign: (world, name) =>
    void engine(world, ["create", "--name", name, BASE_IMAGE, "true"], "podman"),
  removeForeign: (world, name) => void engine(world, ["rm", "--force", name], "podman"),
};
