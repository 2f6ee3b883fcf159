import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { archiveName, SUMS } from "./archive.ts";
import { ROOT, TARGETS, targetName, type Target } from "./compile.ts";
import { HOMEPAGE, RELEASES, REPOSITORY } from "./source.ts";

const PATH = join(ROOT, "Formula/silo.rb");
const INSTALLER = join(ROOT, "install.sh");

/** A release: its version, and the checksum of each archive by target name. */
export type Release = { readonly version: string; readonly sums: ReadonlyMap<string, string> };

/** Homebrew has no musl systems. */
const BREWED = TARGETS.filter(({ libc }) => libc === undefined);
const SYSTEMS = { darwin: "on_macos", linux: "on_linux" } as const;
const PROCESSORS = { arm64: "on_arm", x64: "on_intel" } as const;

function block(head: string, lines: readonly string[]): readonly string[] {
  return [`${head} do`, ...lines.map((line) => (line === "" ? "" : `  ${line}`)), "end"];
}

function download(target: Target, { version, sums }: Release): readonly string[] {
  const sum = sums.get(targetName(target));
  if (sum === undefined) throw new Error(`no checksum for ${archiveName(target, version)}`);
  const url = `${RELEASES}/download/v${version}/${archiveName(target, version)}`;
  return block(PROCESSORS[target.arch], [`url "${url}"`, `sha256 "${sum}"`]);
}

/** The part of the formula that needs a release. */
function stable(release: Release | undefined): readonly string[] {
  if (release === undefined) return [];
  const systems = Object.entries(SYSTEMS).map(([os, word]) => {
    const targets = BREWED.filter((target) => target.os === os);
    return block(
      word,
      targets.flatMap((target) => download(target, release)),
    );
  });
  return systems.flatMap((lines) => ["", ...lines]);
}

/** This repository is the tap: Homebrew looks for formulas in its folder Formula. */
const HEAD = `# Made by scripts/formula.ts. From this repository itself, as a tap:
#   brew tap ${REPOSITORY} ${HOMEPAGE}
#   brew install ${REPOSITORY}/silo            the newest release
#   brew install --HEAD ${REPOSITORY}/silo     from source`;

/** Text of the formula. Without a release it installs only from source. */
export function formula(release: Release | undefined): string {
  const lines = [
    `desc "${manifest.description}"`,
    `homepage "${HOMEPAGE}"`,
    ...(release === undefined ? [] : [`version "${release.version}"`]),
    `license "${manifest.license}"`,
    "",
    ...block("livecheck", [`url "${HOMEPAGE}"`, "strategy :github_latest"]),
    "",
    ...block("head", [`url "${HOMEPAGE}.git", branch: "main"`, "", 'depends_on "node" => :build']),
    ...stable(release),
    ...METHODS.split("\n"),
  ];
  const body = lines.map((line) => (line === "" ? "" : `  ${line}`)).join("\n");
  return `${HEAD}\nclass Silo < Formula\n${body}\nend\n`;
}

const METHODS = `
def install
  if build.head?
    # The lock file pins all packages; one of them is the Bun that compiles.
    system "npm", "ci"
    system "npm", "run", "build"
    bin.install "dist/silo"
  else
    bin.install "silo"
  end
  prefix.install "THIRD-PARTY-LICENSES.txt"
  generate_completions_from_executable(bin/"silo", "completion", shells: [:bash, :zsh, :fish])
end

def caveats
  <<~EOS
    silo needs one of these backends; \`silo doctor\` shows what is installed and what is missing:
      container   brew install container && container system start   (Apple silicon)
      docker      brew install docker colima && colima start          (or Docker Desktop, OrbStack)
      fly         brew install flyctl mutagen-io/mutagen/mutagen && fly auth login
  EOS
end

test do
  assert_match "silo", shell_output("#{bin}/silo --version")
  assert_match version.to_s, shell_output("#{bin}/silo --version") unless head?
  assert_match "complete -F", shell_output("#{bin}/silo completion bash")
  # A project's settings are checked without any engine.
  (testpath/"silo.jsonc").write '{ "toool": "codex" }'
  assert_match "did you mean \\"tool\\"", shell_output("#{bin}/silo config show 2>&1", 1)
end`;

const SUM = /^([0-9a-f]{64}) {2}silo-(.+?)-((?:darwin|linux)-.+)\.tar\.gz$/gm;

/** Reads the release in a folder of archives from its checksums.txt. */
export function releaseIn(folder: string): Release {
  const found = [...readFileSync(join(folder, SUMS), "utf8").matchAll(SUM)];
  const version = found[0]?.[2];
  if (version === undefined) throw new Error(`${folder} has no archives`);
  return { version, sums: new Map(found.map(([, sum = "", , name = ""]) => [name, sum])) };
}

/** The release in the current formula, kept when only the text around it changes. */
function releaseNow(): Release | undefined {
  const text = existsSync(PATH) ? readFileSync(PATH, "utf8") : "";
  const version = /^ {2}version "(.+)"$/m.exec(text)?.[1];
  if (version === undefined) return undefined;
  const found = text.matchAll(/silo-[\d.]+-([a-z0-9-]+)\.tar\.gz"\n\s*sha256 "([0-9a-f]{64})"/g);
  return { version, sums: new Map([...found].map(([, name = "", sum = ""]) => [name, sum])) };
}

/** Files that this script generates, by path: the formula, and install.sh with its addresses. */
function files(release: Release | undefined): Readonly<Record<string, string>> {
  const installer = readFileSync(INSTALLER, "utf8")
    .replaceAll(/https:\/\/github\.com\/[^/\s]+\/[^/\s]+(?=\/releases\/latest)/g, HOMEPAGE)
    .replace(/^repository=.*$/m, `repository=${REPOSITORY}`);
  return { [PATH]: formula(release), [INSTALLER]: installer };
}

if (import.meta.main) {
  const folder = process.argv[2];
  const checks = folder === "--check";
  const made = files(folder === undefined || checks ? releaseNow() : releaseIn(folder));
  for (const [path, text] of Object.entries(made)) {
    if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
    if (checks) throw new Error(`${path} is out of date; run: bun scripts/formula.ts`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
