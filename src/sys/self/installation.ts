import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { readText } from "../files/read.ts";
import { ownCommand } from "../process/process.ts";

export type Way = "homebrew" | "install.sh" | "source" | "hand";

/** How this silo was installed, and its directory. */
export type Installation = { readonly way: Way; readonly folder: string };

/** Receipt of install.sh: the first line is the path of the binary, the others are the files next to it. */
export const RECEIPT = "silo/installed";

/** Detects how silo was installed. @param data the XDG data directory. */
export async function installation(data: string): Promise<Installation> {
  const { bin, args } = ownCommand([]);
  const [script] = args;
  if (script !== undefined)
    return { way: "source", folder: dirname(dirname(realpathSync(script))) };
  const path = realpathSync(bin);
  const keg = path.indexOf("/Cellar/silo/");
  if (keg >= 0) return { way: "homebrew", folder: path.slice(0, keg) };
  const clone = dirname(dirname(path));
  if (existsSync(join(clone, "scripts/compile.ts"))) return { way: "source", folder: clone };
  const receipt = await readText(join(data, RECEIPT)).catch(() => undefined);
  const way = receipt?.split("\n")[0] === path ? "install.sh" : "hand";
  return { way, folder: dirname(path) };
}
