import { statSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { isAtLeast } from "../../core/text/version.ts";
import { SiloError } from "../../errors.ts";
import { whereIs } from "../../sys/host/which.ts";
import { replace } from "../../sys/files/stamped.ts";
import { containerOutput } from "./query.ts";

export const LEAST = "0.9";

/**
 * Returns the version of the command (`container --version`: `container CLI version 1.2.2 (build: …)`). It is queried
 * once for each binary and cached, because the query costs a process.
 * @throws SiloError if the version is too old or unknown.
 */
export async function cliVersion(cache: string): Promise<string> {
  const binary = fingerprint();
  const file = `${cache}/silo/container-version.json`;
  const known = await readFile(file, "utf8").then(parse, () => undefined);
  if (known !== undefined && binary !== undefined && known.binary === binary) return known.version;
  const version = /version (\d+\.\d+(?:\.\d+)?)/.exec(await containerOutput(["--version"]))?.[1];
  if (version === undefined || !isAtLeast(version, LEAST)) {
    throw new SiloError(
      `container ${version ?? "of an unknown version"} is too old; silo needs ${LEAST} or newer`,
      { hint: "brew upgrade container" },
    );
  }
  if (binary !== undefined) {
    await mkdir(`${cache}/silo`, { recursive: true, mode: 0o700 }).catch(() => {});
    const text = JSON.stringify({ binary, version });
    await replace(file, new TextEncoder().encode(text)).catch(() => {});
  }
  return version;
}

/** Identifies the installed binary; changes with an upgrade. */
function fingerprint(): string | undefined {
  const path = whereIs("container");
  if (path === undefined) return undefined;
  const { size, mtimeMs, ino } = statSync(path);
  return `${path} ${size} ${mtimeMs} ${ino}`;
}

function parse(text: string): { binary: string; version: string } | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<"binary" | "version", unknown>>;
    const { binary, version } = value;
    if (typeof binary !== "string" || typeof version !== "string") return undefined;
    return { binary, version };
  } catch {
    return undefined;
  }
}
