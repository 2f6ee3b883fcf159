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
 * The Bun that a target's silo is made of: the package of that system, at the version and with the hash that the lock
 * file names. It is no dependency of ours, so that installing silo's source does not bring six of them.
 * @returns the path of the executable, in `folder`.
 */
export function runtime(target: Target, folder: string): string {
  const name = packageOf(target);
  const { version, integrity } = (lock.packages as Locked)[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined)
    throw new Error(`package-lock.json does not name ${name}`);
  const archive = fetched(`${name}@${version}`, integrity);
  const place = join(folder, targetName(target));
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  must(["tar", "-xzf", archive, "-C", place, "--strip-components=2", "package/bin/bun"]);
  return join(place, "bun");
}

/** A package's archive, with the hash checked; kept for the next time, and checked then too. */
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
  throw new Error(`${spec} is not what package-lock.json says`);
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
