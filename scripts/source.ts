import { spawnSync } from "node:child_process";
import manifest from "../package.json" with { type: "json" };

const ROOT = `${import.meta.dirname}/..`;

function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync("git", ["-C", ROOT, ...args], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** The commit that is built, marked where files differ from it. Outside of a clone SILO_COMMIT may name it. */
export function commit(): string {
  const named = process.env["SILO_COMMIT"];
  if (named !== undefined) return named;
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head === undefined) return "unknown";
  return git("status", "--porcelain", "--untracked-files=no") === "" ? head : `${head}-changed`;
}

/** Commit time in ms since 1970; the time of every file of a release, for reproducible archives. */
export function committedAt(): number {
  return Number(process.env["SOURCE_DATE_EPOCH"] ?? git("log", "-1", "--format=%ct") ?? 0) * 1000;
}

export const VERSION = manifest.version;

/** silo's repository; every address derives from it. */
export const REPOSITORY = manifest.repository.replace(/^github:/, "");
export const HOMEPAGE = `https://github.com/${REPOSITORY}`;
export const RELEASES = `${HOMEPAGE}/releases`;
