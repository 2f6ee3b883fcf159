import { createTar } from "nanotar";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SCRIPTS } from "../src/cli/completion/scripts.ts";
import { ROOT, targetName, type Target } from "./compile.ts";
import { committedAt, VERSION } from "./source.ts";

export const SUMS = "checksums.txt";

export const archiveName = (target: Target, version: string = VERSION): string =>
  `silo-${version}-${targetName(target)}.tar.gz`;

/** Files of an archive next to the binary. Completions have the names that shells look for. */
const BESIDE = (): Readonly<Record<string, string>> => ({
  LICENSE: readFileSync(join(ROOT, "LICENSE"), "utf8"),
  NOTICE: readFileSync(join(ROOT, "NOTICE"), "utf8"),
  "THIRD-PARTY-LICENSES.txt": readFileSync(join(ROOT, "THIRD-PARTY-LICENSES.txt"), "utf8"),
  "completions/silo.bash": SCRIPTS.bash,
  "completions/_silo": SCRIPTS.zsh,
  "completions/silo.fish": SCRIPTS.fish,
});

/** Packs a binary with its licences and completions, reproducibly. @returns the archive's name. */
export function pack(target: Target, binary: string, folder: string): string {
  const attrs = { uid: 0, gid: 0, user: "root", group: "root", mtime: committedAt() };
  const files = [
    { name: "silo", data: readFileSync(binary), attrs: { ...attrs, mode: "755" } },
    ...Object.entries(BESIDE()).map(([name, text]) => ({
      name,
      data: Buffer.from(text),
      attrs: { ...attrs, mode: "644" },
    })),
  ];
  const name = archiveName(target);
  writeFileSync(
    join(folder, name),
    Bun.gzipSync(Buffer.from(createTar(files)), { library: "libdeflate", level: 6 }),
  );
  return name;
}

/** Writes the checksums of all archives of a folder, in the format of `sha256sum --check`. */
export function writeSums(folder: string): void {
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith(".tar.gz"))
    .toSorted()
    .map((name) => `${sha256(join(folder, name))}  ${name}\n`);
  writeFileSync(join(folder, SUMS), lines.join(""));
}

export const sha256 = (path: string): string =>
  createHash("sha256").update(readFileSync(path)).digest("hex");
