import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import lock from "../package-lock.json" with { type: "json" };
import { targetName, type Target } from "./compile.ts";
import { must } from "./must.ts";

const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "silo-build");

const packageOf = ({ os, arch, libc }: Target) =>
  ["@oven/bun", os, arch === "arm64" ? "aarch64" : arch, libc]
    .filter((part) => part !== undefined)
    .join("-");

type Locked = Readonly<Record<string, { version?: string; integrity?: string }>>;

/**
 * Fetches a target's Bun: the package of that system, with the version and the hash of the lock file. It is not a
 * dependency, so that `npm ci` does not install six of them.
 * @returns the path of the executable, in `folder`.
 */
export function runtime(target: Target, folder: string): string {
  const name = packageOf(target);
  const { version, integrity } = (lock.packages as Locked)[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined)
    throw new Error(`${name} not found in package-lock.json`);
  const archive = fetched(`${name}@${version}`, integrity);
  const place = join(folder, targetName(target));
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  must(["tar", "-xzf", archive, "-C", place, "--strip-components=2", "package/bin/bun"]);
  return join(place, "bun");
}

/** Downloads a package's archive or takes it from the cache; checks the hash either way. */
function fetched(spec: string, integrity: string): string {
  const place = join(CACHE, spec);
  for (const fresh of [false, true]) {
    if (fresh) {
      rmSync(place, { recursive: true, force: true });
      mkdirSync(place, { recursive: true });
      must(["npm", "pack", "--silent", "--pack-destination", place, spec]);
    }
    const [file] = readable(place);
    if (file === undefined) continue;
    if (hash(join(place, file)) === integrity) return join(place, file);
  }
  throw new Error(`hash of ${spec} does not match package-lock.json`);
}

function readable(place: string): readonly string[] {
  try {
    return readdirSync(place).filter((name) => name.endsWith(".tgz"));
  } catch {
    return [];
  }
}

const hash = (path: string) =>
  `sha512-${createHash("sha512").update(readFileSync(path)).digest("base64")}`;
