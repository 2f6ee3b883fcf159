import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pack, writeSums } from "./archive.ts";
import { compile, ROOT, targetName, TARGETS, type Target } from "./compile.ts";
import { must } from "./must.ts";
import { runtime } from "./runtimes.ts";
import { checkPages } from "./signature.ts";
import { smoke } from "./smoke.ts";

const FOLDER = join(ROOT, "dist/release");
const BUILD = join(ROOT, "dist/build");

/** One folder per target, because the bytes depend on the file's name. */
const binaryOf = (target: Target) => join(BUILD, targetName(target), "silo");
const ofMac = TARGETS.filter(({ os }) => os === "darwin");

async function build(): Promise<void> {
  for (const place of [FOLDER, BUILD]) rmSync(place, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  copyFileSync(join(ROOT, "install.sh"), join(FOLDER, "install.sh"));
  for (const target of TARGETS) {
    const name = targetName(target);
    mkdirSync(join(BUILD, name), { recursive: true });
    const file = binaryOf(target);
    await compile(file, {
      target: { name, runtime: runtime(target, join(ROOT, "dist/runtimes")) },
    });
    say(name, `${pack(target, file, FOLDER)}; ${smoke(target, file)}`);
  }
  writeSums(FOLDER);
  for (const target of ofMac) say(targetName(target), signatureOf(target));
}

function signatureOf(target: Target): string {
  const { pages, wrong } = checkPages(readFileSync(binaryOf(target)));
  return wrong.length === 0
    ? `signature of all ${pages} pages valid`
    : `signature of ${wrong.length} of ${pages} pages invalid; run on macOS: npm run release sign`;
}

/** Signs and packs the macOS binaries again. Runs on macOS, after `build` on any machine. */
function sign(): void {
  const identity = process.env["SILO_SIGN_AS"] ?? "-";
  for (const target of ofMac) {
    const file = binaryOf(target);
    // A binary that was copied between machines may have lost its mode.
    chmodSync(file, 0o755);
    must(["codesign", "--remove-signature", file]);
    const entitlements = join(ROOT, "scripts/entitlements.plist");
    must(["codesign", "--force", "--sign", identity, "--entitlements", entitlements, file]);
    must(["codesign", "--verify", "--strict", file]);
    const { wrong } = checkPages(readFileSync(file));
    if (wrong.length > 0) throw new Error(`${file}: signature of ${wrong.length} pages invalid`);
    say(targetName(target), `${pack(target, file, FOLDER)}; signed; ${smoke(target, file)}`);
  }
  writeSums(FOLDER);
}

const say = (name: string, text: string) => console.log(`${name.padEnd(16)} ${text}`);

const VERBS: Readonly<Record<string, () => Promise<void> | void>> = { build, sign };
const verb = VERBS[process.argv[2] ?? "build"];
if (verb === undefined) throw new Error(`usage: npm run release [${Object.keys(VERBS).join("|")}]`);
await verb();
