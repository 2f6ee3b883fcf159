import { SiloError } from "../../errors.ts";
import { capture, ProgramMissing, type Captured } from "../../sys/process.ts";
import type { ContainerInfo, EarlyAnswer } from "../backend.ts";
import type { DockerSettings } from "./args.ts";
import { dialectOf } from "./dialect.ts";
import { DEFAULT_COMMAND, QUESTIONS, start } from "./early.ts";
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

/** The answer to a question: the early one where it is of this command, else a new one. */
async function answered(
  settings: DockerSettings,
  question: EarlyAnswer["question"],
  early: EarlyAnswer | undefined,
): Promise<string> {
  return early?.question === question && settings.command === DEFAULT_COMMAND
    ? await read(early.answer, `${DEFAULT_COMMAND} ps`)
    : await ask(settings, QUESTIONS[question]);
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

export async function names(
  settings: DockerSettings,
  early?: EarlyAnswer,
): Promise<readonly string[]> {
  return lines(await answered(settings, "names", early));
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

export async function list(
  settings: DockerSettings,
  early?: EarlyAnswer,
): Promise<readonly ContainerInfo[]> {
  return rows(await answered(settings, "list", early)).map(container);
}

/** Deletes containers by name, silo's own only, whatever their state. */
export async function remove(settings: DockerSettings, wanted: readonly string[]): Promise<void> {
  const own = new Set((await list(settings)).map(({ name }) => name));
  await removeAll(
    settings,
    wanted.filter((name) => own.has(name)),
  );
}

/** Deletes what belongs to sessions. */
export async function reap(settings: DockerSettings, sessions: readonly string[]): Promise<void> {
  const gone = new Set(sessions);
  const left = (await list(settings)).filter(({ session }) => gone.has(session));
  await removeAll(
    settings,
    left.map(({ name }) => name),
  );
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
