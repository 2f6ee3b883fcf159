import { readdir, readFile } from "node:fs/promises";
import { KERNEL_MODULES, type KernelFacts } from "../../core/advisories.ts";

/** Directories of modprobe's configuration (modprobe.d(5)). */
const SETTINGS = ["/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"];

/**
 * Version and modules of this machine's kernel, read from files.
 * @param root prefix of all paths, for tests.
 * @returns undefined on other systems than Linux.
 */
export async function kernelFacts(root = ""): Promise<KernelFacts | undefined> {
  if (process.platform !== "linux") return undefined;
  const release = (await text(`${root}/proc/sys/kernel/osrelease`)).trim();
  const version = (await text(`${root}/proc/sys/kernel/version`)).trim();
  const folder = `${root}/lib/modules/${release}`;
  const [loaded, builtin, known, settings] = await Promise.all([
    text(`${root}/proc/modules`),
    text(`${folder}/modules.builtin`),
    text(`${folder}/modules.dep`),
    modprobeSettings(root),
  ]);
  const present = KERNEL_MODULES.filter(
    (name) => new RegExp(`^${name} `, "m").test(loaded) || hasFile(builtin, name),
  );
  const loadable = KERNEL_MODULES.filter(
    (name) => !present.includes(name) && hasFile(known, name) && !isBlocked(settings, name),
  );
  return { release, version, present, loadable };
}

/** Whether a list of modules has a file of that name. */
function hasFile(list: string, name: string): boolean {
  return new RegExp(`(^|/)${name}\\.ko(\\.\\w+)?(:|$)`, "m").test(list);
}

/** Whether modprobe cannot load a module: `blacklist` blocks loading on demand, `install NAME /bin/false` any loading. */
function isBlocked(settings: string, name: string): boolean {
  return new RegExp(
    `^\\s*(blacklist\\s+${name}\\s*$|install\\s+${name}\\s+\\S*/(false|true)\\b)`,
    "m",
  ).test(settings);
}

async function modprobeSettings(root: string): Promise<string> {
  const files = await Promise.all(
    SETTINGS.map(async (place) => {
      const folder = root + place;
      const names = await readdir(folder).catch(() => []);
      return await Promise.all(
        names.filter((name) => name.endsWith(".conf")).map((name) => text(`${folder}/${name}`)),
      );
    }),
  );
  return files.flat().join("\n");
}

/** The text of a file; empty if it is missing or unreadable. */
async function text(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => "");
}
