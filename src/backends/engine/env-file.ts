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

/** A file of variables. It is already unlinked, so that nothing remains on disk even if silo is killed. */
export type EnvFile = {
  /** Path of the file, valid in a command that is started with `files`. */
  readonly path: string;
  /** For `Cmd.files`. */
  readonly files: readonly [number];
  /** Closes silo's own descriptor after the command has started. May be called twice. */
  readonly close: () => void;
};

const NAME = "silo-env-";
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/**
 * Calls `work` with a private file of the variables that would change the behaviour of an engine's command if they were
 * in its environment. They are not passed as arguments, because every user of the machine can read those.
 * @param entries the variables.
 * @param work gets the file; undefined if there are no variables.
 * @throws SiloError for a value with a line break.
 */
export async function withEnvFile<T>(
  entries: readonly EnvEntry[],
  work: (file: EnvFile | undefined) => Promise<T>,
): Promise<T> {
  if (entries.length === 0) return await work(undefined);
  const broken = entries.find(({ value }) => /[\n\r\0]/.test(value));
  if (broken !== undefined) {
    throw new SiloError(
      `the variable ${broken.name} contains a line break, and engines cannot pass it under this name`,
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
  // Written at position 0, because on macOS the command shares the descriptor's offset, which must stay at the start.
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

/** Age after which a file is stale; an engine's command reads its file when it starts. */
const READ_MS = 60_000;

/** Deletes the env files that killed processes of an earlier version of silo left behind. */
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
    // Another silo process has deleted it.
  }
}
