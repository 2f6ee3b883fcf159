import { sleepSync } from "bun";
import { basename } from "node:path";
import { engine } from "../front.ts";
import type { World } from "../world.ts";
import type { Row } from "./driver.ts";

const PATIENCE_MS = 10_000;

type Command = "docker" | "podman";

/** The world's containers on an engine that match some label filters. @param name Go template of the name. */
function rows(world: World, filters: readonly string[], name: string, command: Command): Row[] {
  const args = filters.flatMap((filter) => ["--filter", filter]);
  const text = engine(world, ["ps", "--all", ...args, "--format", `${name} {{.ID}}`], command);
  return text === ""
    ? []
    : text.split("\n").map((line) => {
        const [shown = "", id = ""] = line.split(" ");
        return { name: shown, id };
      });
}

/** The common part of drivers with an engine. @param label the label with the project. */
export function onEngine(label: string, name = "{{.Names}}", command: Command = "docker") {
  const list = (world: World, running: boolean): readonly Row[] => {
    const project = `label=${label}=${basename(world.project)}`;
    return rows(world, running ? [project, "status=running"] : [project], name, command);
  };
  const kill = (world: World): void => {
    // An engine passes on a tool's output a moment before it lists the container as running.
    const end = Date.now() + PATIENCE_MS;
    let running = list(world, true);
    for (; running.length === 0 && Date.now() < end; running = list(world, true)) sleepSync(20);
    engine(world, ["kill", ...running.map(({ id }) => id)], command);
  };
  const sweep = (world: World): readonly string[] => {
    const left = rows(world, [], name, command);
    if (left.length > 0) engine(world, ["rm", "--force", ...left.map(({ id }) => id)], command);
    return left.map((row) => row.name);
  };
  return { list, kill, sweep };
}
