import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { commit } from "./source.ts";

export type Target = {
  readonly os: "darwin" | "linux";
  readonly arch: "arm64" | "x64";
  readonly libc?: "musl";
};

/** Every supported system. Archives, runtimes, the formula and the choices of install.sh derive from it. */
export const TARGETS: readonly Target[] = [
  { os: "darwin", arch: "arm64" },
  { os: "darwin", arch: "x64" },
  { os: "linux", arch: "x64" },
  { os: "linux", arch: "arm64" },
  { os: "linux", arch: "x64", libc: "musl" },
  { os: "linux", arch: "arm64", libc: "musl" },
];

/** A target by its name, which is Bun's too: `linux-x64-musl`. */
export const targetName = ({ os, arch, libc }: Target): string =>
  [os, arch, libc].filter((part) => part !== undefined).join("-");

/** The system that this script runs on. */
export const HERE = targetName({
  os: process.platform === "darwin" ? "darwin" : "linux",
  arch: process.arch === "arm64" ? "arm64" : "x64",
  // Node's report has the version of glibc only on glibc systems.
  ...(process.platform === "linux" && glibc() === undefined ? { libc: "musl" } : {}),
});

function glibc(): unknown {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report?.header?.glibcVersionRuntime;
}

export const ROOT = join(import.meta.dirname, "..");

type Options = {
  /** Target system and its Bun; this machine if not set. */
  readonly target?: { readonly name: string; readonly runtime: string } | undefined;
  readonly entry?: string;
};

/**
 * Compiles the standalone binary, reproducibly: the same source and file name give the same bytes in any folder.
 * It must never read `.env` or `bunfig.toml` of the directory it is used in: that would run a project's code on the host.
 */
export async function compile(file: string, { target, entry }: Options = {}): Promise<void> {
  const outfile = resolve(file);
  // Chunk names are hashes of paths relative to the working directory.
  process.chdir(ROOT);
  const result = await Bun.build({
    entrypoints: [entry ?? join(ROOT, "src/main.ts")],
    target: "bun",
    format: "esm",
    splitting: true,
    minify: true,
    bytecode: true,
    define: { SILO_BUILD: JSON.stringify({ commit: commit(), target: target?.name ?? HERE }) },
    compile: {
      outfile,
      // Most code of a start runs once: with the default, compiling it took a tenth of the start. Hot code is compiled
      // a few milliseconds later; tools that run on this runtime (BUN_BE_BUN) are not affected.
      jitPolicy: 20,
      ...(target === undefined
        ? {}
        : {
            target: `bun-${target.name}` as Bun.Build.CompileTarget,
            executablePath: target.runtime,
          }),
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  if (!result.success) throw new AggregateError(result.logs, "the build failed");
  writeAnew(outfile);
}

/**
 * Rewrites the file with one write. The page cache keeps a file in folios as large as its writes, and Bun copies its
 * runtime page by page, so each start is a tenth faster (Linux 6.18 on ext4: 3.6 ms instead of 4.0).
 */
function writeAnew(file: string): void {
  const bytes = readFileSync(file);
  rmSync(file);
  writeFileSync(file, bytes, { mode: 0o755 });
}

if (import.meta.main) {
  const outfile = join(ROOT, "dist/silo");
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  rmSync(outfile, { force: true });
  await compile(outfile);
  const { exitCode, stdout } = Bun.spawnSync([outfile, "--version"]);
  if (exitCode !== 0) throw new Error("the compiled binary does not run");
  process.stdout.write(`${outfile}: ${stdout.toString()}`);
}
