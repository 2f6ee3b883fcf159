import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Every system that silo is made for; the names are Bun's. */
export const TARGETS = [
  "darwin-arm64",
  "darwin-x64",
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
] as const;
export type Target = (typeof TARGETS)[number];

const ROOT = join(import.meta.dirname, "..");

/**
 * Compiles the standalone binary.
 * It must never read `.env` or `bunfig.toml` of the directory it is used in: that would run a project's code on the host.
 */
export async function compile(
  outfile: string,
  { target, entry }: { target?: Target | undefined; entry?: string } = {},
): Promise<void> {
  const result = await Bun.build({
    entrypoints: [entry ?? join(ROOT, "src/main.ts")],
    target: "bun",
    format: "esm",
    splitting: true,
    minify: true,
    bytecode: true,
    compile: {
      outfile,
      ...(target === undefined ? {} : { target: `bun-${target}` as Bun.Build.CompileTarget }),
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  if (!result.success) throw new AggregateError(result.logs, "the build failed");
}

if (import.meta.main) {
  const target = TARGETS.find((name) => name === process.argv[2]);
  const directory = join(ROOT, "dist", target ?? "");
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, "silo");
  rmSync(outfile, { force: true });
  await compile(outfile, { target });
  if (target === undefined) {
    const { exitCode, stdout } = Bun.spawnSync([outfile, "--version"]);
    if (exitCode !== 0) throw new Error("the compiled binary does not run");
    process.stdout.write(`${outfile}: ${stdout.toString()}`);
  }
}
