import { unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { EnvEntry } from "../core/types.ts";
import { SiloError } from "../errors.ts";

/**
 * Does work with a private file of variables that would steer an engine's command if they stood in its own
 * environment; an argument list, where they could stand else, can be read by anybody.
 * @param work gets the file's path, or undefined where there is none of them.
 */
export async function withEnvFile<T>(
  entries: readonly EnvEntry[],
  work: (path: string | undefined) => Promise<T>,
): Promise<T> {
  if (entries.length === 0) return await work(undefined);
  const broken = entries.find(({ value }) => /[\n\r\0]/.test(value));
  if (broken !== undefined) {
    throw new SiloError(
      `the variable ${broken.name} has a line break, which no engine can pass for this name`,
      { hint: `unset ${broken.name}` },
    );
  }
  const path = `${process.env["XDG_RUNTIME_DIR"] ?? tmpdir()}/silo-env-${crypto.randomUUID()}`;
  const text = entries.map(({ name, value }) => `${name}=${value}\n`).join("");
  await writeFile(path, text, { mode: 0o600, flag: "wx" });
  try {
    return await work(path);
  } finally {
    await unlink(path).catch(() => {});
  }
}
