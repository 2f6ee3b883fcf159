import { SiloError } from "../../errors.ts";
import { capture, ProgramMissing, type Captured } from "../../sys/process.ts";
import type { ContainerInfo, EarlyAnswer } from "../backend.ts";
import { NAMES, ofSession, renameArgs, type DockerSettings } from "./args.ts";
import { dialectOf } from "./dialect.ts";
import { DEFAULT_COMMAND, LIST, start } from "./early.ts";
import { engineError, missingCli } from "./errors.ts";
import { createdAt, labelsOf, rows, textOf, type Row } from "./rows.ts";

/** Runs a docker command for its output. @throws SiloError with the mend where it fails. */
export async function ask(settings: DockerSettings, args: readonly string[]): Promise<string> {
  return await read(start(settings.command, args), `${settings.command} ${args[0] ?? ""}`);
}

async function read(asked: Promise<Captured>, what: string): Promise<string> {
  try {
    const { code, stdout, stderr } = await asked;
    if (code !== 0) throw engineError(stderr, what);
    return stdout;
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  }
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

export async function names(settings: DockerSettings): Promise<readonly string[]> {
  return lines(await ask(settings, NAMES));
}

/** Gives a session's container another name: by its id, since the old name may be somebody else's. */
export async function rename(
  settings: DockerSettings,
  session: string,
  to: string,
): Promise<"done" | "taken" | "none"> {
  const [id] = lines(await ask(settings, ofSession(session)));
  if (id === undefined) return "none";
  const { code, stderr } = await start(settings.command, renameArgs(id, to));
  if (code === 0) return "done";
  if (/no such container|no container with/i.test(stderr)) return "none";
  if (/in use/i.test(stderr)) return "taken";
  throw engineError(stderr, "naming the container");
}

/** A row of `docker ps` as silo speaks of it. */
export function container(row: Row): ContainerInfo {
  const labels = labelsOf(row);
  return {
    name: textOf(row, "Names"),
    image: textOf(row, "Image"),
    backend: "docker",
    status: textOf(row, "Status"),
    running: textOf(row, "State") === "running",
    tool: labels["silo.tool"] ?? "",
    project: labels["silo.project"] ?? "",
    session: labels["silo.session"] ?? "",
    created: createdAt(row),
  };
}

/** The early answer counts where it is of this command. */
export async function list(
  settings: DockerSettings,
  early?: EarlyAnswer,
): Promise<readonly ContainerInfo[]> {
  const text =
    early?.question === "list" && settings.command === DEFAULT_COMMAND
      ? await read(early.answer, `${DEFAULT_COMMAND} ps`)
      : await ask(settings, LIST);
  return rows(text).map(container);
}

/** Deletes containers by name, silo's own only, whatever their state. */
export async function remove(settings: DockerSettings, wanted: readonly string[]): Promise<void> {
  const own = new Set((await list(settings)).map(({ name }) => name));
  await removeAll(
    settings,
    wanted.filter((name) => own.has(name)),
  );
}

/** Deletes what belongs to sessions. @returns those that had a container. */
export async function reap(
  settings: DockerSettings,
  sessions: readonly string[],
): Promise<readonly string[]> {
  const gone = new Set(sessions);
  const left = (await list(settings)).filter(({ session }) => gone.has(session));
  await removeAll(
    settings,
    left.map(({ name }) => name),
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

/** The running container of that name that silo made. @throws SiloError where there is none. */
export async function runningOwn(settings: DockerSettings, name: string): Promise<ContainerInfo> {
  const own = await list(settings);
  const found = own.find((container) => container.name === name);
  if (found === undefined)
    throw new SiloError(`silo has no container "${name}"`, { hint: "silo ls" });
  if (!found.running)
    throw new SiloError(`${name} does not run: ${found.status}`, { hint: `silo rm ${name}` });
  return found;
}
