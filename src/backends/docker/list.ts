import { capture, ProgramMissing } from "../../sys/process/process.ts";
import type { Ask } from "../../sys/process/prefetch.ts";
import type { Instance } from "../backend.ts";
import { readLabels } from "../engine/labels.ts";
import type { DockerSettings } from "./settings.ts";
import { dialectOf } from "./dialect.ts";
import { LIST, NAMES, query } from "./query.ts";
import { engineError, missingCli } from "./errors.ts";
import { createdAt, labelsOf, rows, textOf, type Row } from "./rows.ts";

/** Runs a docker query. @returns its output. @throws SiloError with a fix hint if it fails. */
export async function dockerOutput(
  settings: DockerSettings,
  args: readonly string[],
  run: Ask = capture,
): Promise<string> {
  try {
    const { code, stdout, stderr } = await run(query(settings.command, args));
    if (code !== 0) throw engineError(stderr, `${settings.command} ${args[0] ?? ""}`);
    return stdout;
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Lists every name in use on the engine. @throws SiloError if the engine fails. */
export async function names(settings: DockerSettings): Promise<readonly string[]> {
  return lines(await dockerOutput(settings, NAMES));
}

/** Parses a row of `docker ps`. */
export function container(row: Row): Instance {
  return {
    // Docker prints `ID`, podman `Id`.
    id: textOf(row, "ID") || textOf(row, "Id"),
    name: textOf(row, "Names"),
    image: textOf(row, "Image"),
    backend: "docker",
    status: textOf(row, "Status"),
    running: textOf(row, "State") === "running",
    ...readLabels(labelsOf(row)),
    created: createdAt(row),
  };
}

/** Lists every container that silo started on this engine. */
export async function list(settings: DockerSettings, run?: Ask): Promise<readonly Instance[]> {
  return rows(await dockerOutput(settings, LIST, run)).map(container);
}

/** Deletes containers in any state. */
export async function remove(
  settings: DockerSettings,
  instances: readonly Instance[],
): Promise<void> {
  await removeAll(
    settings,
    instances.map(({ id }) => id),
  );
}

/** Deletes the containers of sessions. @returns the sessions that had a container. */
export async function reap(
  settings: DockerSettings,
  sessions: readonly string[],
): Promise<readonly string[]> {
  const gone = new Set(sessions);
  const left = (await list(settings)).filter(({ session }) => gone.has(session));
  await removeAll(
    settings,
    left.map(({ id }) => id),
  );
  return left.map(({ session }) => session);
}

async function removeAll(settings: DockerSettings, wanted: readonly string[]): Promise<void> {
  if (wanted.length === 0) return;
  const { code, stderr } = await capture({
    bin: settings.command,
    args: [...dialectOf(settings).remove, ...wanted],
  });
  const failed = lines(stderr).filter(
    (line) => !/no such container|already in progress/i.test(line),
  );
  if (code !== 0 && failed.length > 0)
    throw engineError(failed.join("\n"), "removing the container");
}
