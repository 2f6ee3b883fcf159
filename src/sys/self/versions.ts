import { homedir } from "node:os";
import { TOOLS } from "../../tools/index.ts";
import type { Tool, VersionSource } from "../../core/tool.ts";
import {
  isStale,
  isVersion,
  parseCache,
  REFRESH_COMMAND,
  versionsFor,
  type VersionCache,
} from "../../tools/versions.ts";
import { readText } from "../files/read.ts";
import { replaceOwn } from "../files/write.ts";
import { newestRelease } from "./release.ts";
import { capture, detach, ownCommand } from "../process/process.ts";

/** Timeout of a registry query, which usually takes 0.1 to 0.2 s. */
const TIMEOUT_MS = 20_000;

const cachePath = (cache: string) => `${cache}/silo/versions.json`;

/** The cached versions. */
export async function readCache(cache: string): Promise<VersionCache> {
  return parseCache(await readText(cachePath(cache)).catch(() => undefined));
}

/** The version to install of a tool and of each that it bundles, from the cache. */
export async function toolVersions(
  tool: Tool,
  cache: string,
): Promise<Readonly<Record<string, string>>> {
  return versionsFor(tool, TOOLS, await readCache(cache));
}

/** Starts a detached silo process that fetches the newest versions, if the cache is stale. */
export async function refreshInBackground(cache: string): Promise<void> {
  if (process.env["SILO_NO_VERSION_CHECK"] === "1" || !isStale(await readCache(cache), Date.now()))
    return;
  const { bin, args } = ownCommand([REFRESH_COMMAND]);
  await detach({ bin, args, cwd: homedir() });
}

/** Fetches the newest version of every tool and of silo, and writes the cache. A failed query keeps the old version. */
export async function refreshVersions(cache: string): Promise<void> {
  const before = await readCache(cache);
  if (!isStale(before, Date.now())) return;
  // Written before the queries too, so that an offline machine retries once an hour.
  const write = (value: VersionCache) => replaceOwn(cachePath(cache), JSON.stringify(value));
  write({ ...before, asked: Date.now() });
  const [silo, ...answers] = await Promise.all([
    newestRelease(before.silo),
    ...TOOLS.map(async ({ name, version }) => [name, await newest(version)] as const),
  ]);
  const found = Object.fromEntries(
    answers.filter(([, version]) => version !== undefined),
  ) as Record<string, string>;
  const versions = { ...before.versions, ...found };
  write({ asked: Date.now(), versions, ...(silo === undefined ? {} : { silo }) });
}

async function newest(source: VersionSource): Promise<string | undefined> {
  try {
    const text =
      source.registry === "npm"
        ? await npmLatest(source.package)
        : await pypiLatest(source.package);
    return isVersion(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Queried with the Bun client in silo's binary, so that the user's registry settings apply. */
async function npmLatest(name: string): Promise<string> {
  const { stdout } = await capture(
    {
      bin: process.execPath,
      args: ["info", name, "version"],
      env: { BUN_BE_BUN: "1" },
      cwd: homedir(),
    },
    TIMEOUT_MS,
  );
  return stdout.trim();
}

/** `pip index versions` prints `mistral-vibe (2.18.4)` first (pip 21.2 and later). */
async function pypiLatest(name: string): Promise<string> {
  const { stdout } = await capture(
    { bin: "pip3", args: ["index", "versions", name], cwd: homedir() },
    TIMEOUT_MS,
  );
  return /\(([^)]+)\)/.exec(stdout)?.[1] ?? "";
}
