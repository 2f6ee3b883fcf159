import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  FLY_APP,
  markPushed,
  fly as runFly,
  flyContainer,
  flyMachines,
  mutagenFolder,
  playFly,
  pushedImage,
  sweepFly,
} from "../fly.ts";
import { installFront, SYSTEM_PATH } from "../front.ts";
import { BASE_IMAGE } from "../settings.ts";
import { siloCommand } from "../silo.ts";
import type { World } from "../world.ts";
import type { Driver, Row } from "./driver.ts";

/** A world with the double of `fly`, and a mutagen that every user can read. */
export const fly: Driver = {
  prepare: (root) => {
    const env = playFly(root);
    for (const name of ["mutagen", "mutagen-agents.tar.gz"])
      copyFileSync(join(mutagenFolder(), name), join(root, "bin", name));
    const own = `${installFront(root, "docker")}:${join(root, "bin")}`;
    return { ...env, PATH: `${own}:${SYSTEM_PATH}`, FLY_APP };
  },
  prebuild: (world) => {
    const image = probeImage(world);
    if (image === undefined) return;
    const { status } = spawnSync("docker", ["image", "inspect", image], { stdio: "ignore" });
    if (status === 0) markPushed(world, image);
  },
  // Fly is never auto-detected.
  commandLine: (args) => {
    const [tool = "", ...rest] = args;
    const end = args.indexOf("--");
    const own = end < 0 ? args : args.slice(0, end);
    const isRun = tool === "codex" || tool === "claude";
    return isRun && !own.includes("--backend") ? [tool, "--backend", "fly", ...rest] : args;
  },
  list: (world, running) => machines(world, running),
  kill: (world) => docker("kill", ...machines(world, true).map(({ id }) => id)),
  sweep: (world) => {
    const idle = mutagenRuns(world) && !hasMachine(world) ? ["mutagen, without a machine"] : [];
    stopMutagen(world);
    return [...sweepFly(world), ...idle];
  },
  makeForeign: (world, name) => {
    const image = pushedImage(world, BASE_IMAGE, "theirs");
    const run = ["machine", "run", image, "-a", FLY_APP, "-n", name, "--detach"];
    runFly(world, ...run, "--", "sleep", "600");
  },
  removeForeign: (world) => void sweepFly(world),
};

/** The probe's image in the app's registry, by user. */
const images = new Map<string, string>();

/** The image of a run of the probe, even if it does not exist; undefined if silo cannot plan the run. */
function probeImage(world: World): string | undefined {
  const key = `${world.user?.uid ?? 0}`;
  if (!images.has(key)) {
    const [bin, args] = siloCommand(world, ["codex", "--dry-run", "--json"]);
    const { stdout } = spawnSync(bin, args, {
      cwd: world.project,
      env: world.env,
      encoding: "utf8",
    });
    const [, tag] = /"tag": ?"silo-codex:(\w+)"/.exec(stdout) ?? [];
    if (tag !== undefined) images.set(key, `registry.fly.io/${FLY_APP}:silo-codex-${tag}`);
  }
  return images.get(key);
}

function docker(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("docker", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

/** The machines that are not destroyed, and their containers. */
function machines(world: World, running: boolean): readonly Row[] {
  return flyMachines(world)
    .map(({ id, name }) => ({ name, id: flyContainer(world, id) }))
    .filter(({ id }) => !running || isUp(id));
}

function isUp(container: string): boolean {
  const args = ["inspect", "--format", "{{.State.Running}}", container];
  return spawnSync("docker", args, { encoding: "utf8" }).stdout.trim() === "true";
}

const mutagenData = ({ home }: World) => join(home, ".local/state/silo/fly/mutagen");
const mutagenRuns = (world: World) => existsSync(join(mutagenData(world), "daemon/daemon.sock"));

/** Whether silo has a record of a machine. */
function hasMachine({ home }: World): boolean {
  const folder = join(home, ".local/state/silo/fly/machines");
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** Stops silo's own mutagen daemon, which runs as long as a machine does. */
function stopMutagen(world: World): void {
  if (!mutagenRuns(world)) return;
  spawnSync(join(world.root, "bin/mutagen"), ["daemon", "stop"], {
    env: { ...world.env, MUTAGEN_DATA_DIRECTORY: mutagenData(world) },
  });
}
