import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import type { EnvEntry } from "../../core/types.ts";
import { SiloError } from "../../errors.ts";

/** Variables in a file that has no name, so that nothing of them is left behind, however silo ends. */
export type EnvFile = {
  /** Where a command that is started with `files` finds it. */
  readonly path: string;
  /** For `Cmd.files`. */
  readonly files: readonly [number];
  /** Silo needs it no more once the command was started. Harmless when repeated. */
  readonly close: () => void;
};

const NAME = "silo-env-";
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/**
 * Does work with a private file of variables that would steer an engine's command if they stood in its own
 * environment; an argument list, where they could stand else, can be read by anybody.
 * @param work gets the file, or undefined where there is none of them.
 */
export async function withEnvFile<T>(
  entries: readonly EnvEntry[],
  work: (file: EnvFile | undefined) => Promise<T>,
): Promise<T> {
  if (entries.length === 0) return await work(undefined);
  const broken = entries.find(({ value }) => /[\n\r\0]/.test(value));
  if (broken !== undefined) {
    throw new SiloError(
      `the variable ${broken.name} has a line break, which no engine can pass for this name`,
      { hint: `unset ${broken.name}` },
    );
  }
  const file = namelessFile(entries.map(({ name, value }) => `${name}=${value}\n`).join(""));
  try {
    return await work(file);
  } finally {
    file.close();
  }
}

function namelessFile(text: string): EnvFile {
  const path = `${process.env["XDG_RUNTIME_DIR"] ?? tmpdir()}/${NAME}${crypto.randomUUID()}`;
  const opened = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  unlinkSync(path);
  // At a position, since macOS hands on the descriptor's own offset, which has to stay at the start.
  writeSync(opened, text, 0);
  let open = true;
  return {
    path: process.platform === "linux" ? "/proc/self/fd/3" : "/dev/fd/3",
    files: [opened],
    close: () => {
      if (open) closeSync(opened);
      open = false;
    },
  };
}

/** An engine's command reads such a file as soon as it starts. */
const READ_MS = 60_000;

/** Deletes the files of this kind that an earlier version of silo left behind when it was killed. */
export function sweepEnvFiles(): void {
  for (const folder of new Set([process.env["XDG_RUNTIME_DIR"] ?? tmpdir(), tmpdir()])) {
    for (const name of entries(folder)) {
      if (name.startsWith(NAME) && isLeft(`${folder}/${name}`)) remove(`${folder}/${name}`);
    }
  }
}

function isLeft(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return (
    found?.isFile() === true &&
    found.uid === process.getuid?.() &&
    (found.mode & 0o777) === 0o600 &&
    Date.now() - found.mtimeMs > READ_MS
  );
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another silo was faster.
  }
}
