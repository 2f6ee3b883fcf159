import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { engine } from "../support/front.ts";
import { docker, silo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import type { World } from "../support/world.ts";

/** Part of a variable's value that must not be left in any file. */
export const SECRET = "storm-secret-0f1e2d3c";

/** Directory of the storm's own temporary files. */
export const temporary = ({ root }: World): string => join(root, "tmp");

/** Leftovers of a start. Processes and containers may take a moment to end. */
export async function leftAfter(world: World, marker: string): Promise<readonly string[]> {
  const look = () => [...processes(marker), ...atEngine(world, marker), ...files(world)];
  await eventually("nothing is left", () => look().length === 0, 20_000).catch(() => {});
  return look();
}

/** Processes with the marker in their arguments. */
function processes(marker: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        // The shell on the terminal is still waiting.
        return words.includes(marker) && !words.includes("stty -g")
          ? [`process ${pid}: ${words.slice(0, 80)}`]
          : [];
      } catch {
        return [];
      }
    });
}

/** Containers of the project, and the builder's containers with the marker in their command. */
function atEngine({ backend, project }: World, marker: string): readonly string[] {
  if (backend !== "docker") return [];
  const name = basename(project);
  const rows = docker(
    "ps",
    "--all",
    "--no-trunc",
    "--format",
    '{{.ID}} {{.Label "silo.project"}} {{.State}} {{.Command}}',
  );
  return rows
    .split("\n")
    .filter((row) => row.includes(` ${name} `) || row.includes(marker))
    .map((row) => `container ${row.slice(0, 12)}${row.slice(64, 96)}`);
}

/** Session records, copies, and files that contain the secret. */
function files(world: World): readonly string[] {
  const state = join(world.home, ".local/state/silo");
  const folders = [
    join(state, "sessions"),
    join(state, "staged"),
    join(state, "bwrap"),
    temporary(world),
  ];
  const names = folders.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : [],
  );
  const secret = spawnSync(
    "grep",
    ["-rlIs", "--exclude-dir=bwrap", SECRET, world.root, "/dev/shm"],
    { encoding: "utf8" },
  );
  return [...names, ...secret.stdout.split("\n").filter((path) => path !== "")].map(
    (path) => `file ${path}`,
  );
}

/** Incomplete builds that are left after `silo prune`. */
export async function halfBuilt(world: World): Promise<readonly string[]> {
  if (world.backend !== "bwrap") return [];
  await silo(world, ["prune", "--yes", "--backend", "bwrap"]);
  const folder = join(world.home, ".cache/silo/bwrap");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .filter((name) => /\.(building|old)/.test(name))
    .map((name) => `folder ${folder}/${name}`);
}

/** Deletes the images of builds with a marker. */
export function sweepImages(world: World, marker: string): void {
  const ids = engine(world, ["image", "ls", "--quiet"]).split("\n");
  for (const id of new Set(ids.filter((each) => each !== ""))) {
    const { stdout } = spawnSync("docker", ["history", "--no-trunc", "--quiet=false", id], {
      encoding: "utf8",
    });
    if (stdout.includes(marker)) spawnSync("docker", ["image", "rm", "--force", id]);
  }
}

/** Creates the directory of the storm's own temporary files. */
export function makeTemporary(world: World): void {
  mkdirSync(temporary(world), { recursive: true, mode: 0o777 });
  spawnSync("chmod", ["1777", temporary(world)]);
}
