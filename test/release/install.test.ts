import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archiveName } from "../../scripts/archive.ts";
import { HERE, ROOT, TARGETS, targetName } from "../../scripts/compile.ts";
import { VERSION } from "../../scripts/source.ts";
import { serveReleases, type Releases } from "./server.ts";

// install.sh as a newcomer runs it, against the archives that were just built.

let root: string;
let releases: Releases;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-install-"));
  mkdirSync(at("home"));
  mkdirSync(at("tmp"));
  releases = serveReleases(VERSION);
});
afterEach(async () => {
  await releases.stop();
  rmSync(root, { recursive: true, force: true });
});

const at = (path: string) => join(root, path);
const ARCHIVE = `silo-${VERSION}-${HERE}.tar.gz`;
const SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

type Ran = { readonly code: number | null; readonly told: string };

/** Without blocking this process, which is the server too. */
async function run(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  input = "",
): Promise<Ran> {
  const [bin = "", ...args] = command;
  const child = spawn(bin, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(input);
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (told += chunk.toString()));
  return await new Promise((resolve) => child.on("close", (code) => resolve({ code, told })));
}

const environment = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: SYSTEM_PATH,
  HOME: at("home"),
  TMPDIR: at("tmp"),
  SILO_RELEASES: releases.address,
  SILO_NO_VERSION_CHECK: "1",
  ...more,
});

/** Piped into a shell, as people do it. */
const install = async (
  more: Readonly<Record<string, string>> = {},
  words: readonly string[] = [],
) =>
  await run(
    ["sh", "-s", "--", ...words],
    environment(more),
    readFileSync(join(ROOT, "install.sh"), "utf8"),
  );

/** Every file below the home and the temporary directory. */
const left = () =>
  ["home", "tmp"].flatMap((name) =>
    readdirSync(at(name), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
  );

const INSTALLED = [
  "home/.local/bin/silo",
  "home/.local/share/bash-completion/completions/silo",
  "home/.local/share/fish/vendor_completions.d/silo.fish",
  ...["LICENSE", "NOTICE", "THIRD-PARTY-LICENSES.txt", "_silo", "installed"].map(
    (name) => `home/.local/share/silo/${name}`,
  ),
];

test("the newest release is installed, says how it came, and goes away whole", async () => {
  const { code, told } = await install();
  expect({ code, told }).toEqual({ code: 0, told: expect.stringContaining("next: silo doctor") });
  expect(left().toSorted()).toEqual(INSTALLED);
  const own = await run([at("home/.local/bin/silo"), "version"], environment());
  expect(own.told).toContain("install.sh (~/.local/bin)");
  expect((await install({}, ["--uninstall"])).code).toBe(0);
  expect(left()).toEqual([]);
});

test("a second time fetches nothing but the sums; an older silo is replaced", async () => {
  await install();
  releases.asked.length = 0;
  const again = await install();
  expect(again).toEqual({
    code: 0,
    told: expect.stringContaining(`is already version ${VERSION}`),
  });
  expect(releases.asked).toEqual(["/latest/download/checksums.txt"]);
  writeFileSync(at("home/.local/bin/silo"), "#!/bin/sh\necho silo 0.0.1\n");
  expect((await install()).told).toContain(`installed silo ${VERSION} as `);
  const { told } = await run([at("home/.local/bin/silo"), "--version"], environment());
  expect(told).toBe(`silo ${VERSION}\n`);
});

test.each([
  ["a sum that is another", { "checksums.txt": `${"0".repeat(64)}  ${ARCHIVE}\n` }],
  ["an archive that is another", { [ARCHIVE]: "not what was built" }],
])("%s: refused, and nothing is left", async (_, replaced) => {
  await releases.stop();
  releases = serveReleases(VERSION, replaced);
  const { code, told } = await install();
  expect({ code, told }).toEqual({
    code: 1,
    told: expect.stringContaining(`checksum of ${ARCHIVE} does not match`),
  });
  expect(left()).toEqual([]);
  expect(existsSync(at("home/.local"))).toBe(false);
});

test("a version can be named, and one that is not there is said to be so", async () => {
  expect((await install({ SILO_VERSION: VERSION })).code).toBe(0);
  expect(releases.asked).toEqual([
    `/download/v${VERSION}/checksums.txt`,
    `/download/v${VERSION}/${ARCHIVE}`,
  ]);
  expect(await install({ SILO_VERSION: "99.0.0" })).toEqual({
    code: 1,
    told: expect.stringMatching(/cannot download .*v99\.0\.0\/checksums\.txt/),
  });
});

test("wget does where there is no curl, and the folder can be chosen", async () => {
  mkdirSync(at("bin"));
  for (const name of readdirSync("/usr/bin"))
    if (name !== "curl") symlinkSync(join("/usr/bin", name), at(`bin/${name}`));
  const { told } = await install({ PATH: at("bin"), SILO_BIN: at("home/b in") });
  expect(told).toContain(`add it to your PATH: export PATH="${at("home/b in")}:$PATH"`);
  expect(existsSync(at("home/b in/silo"))).toBe(true);
});

const SYSTEMS = { darwin: "Darwin", linux: "Linux" } as const;
const MACHINES = { x64: ["x86_64", "amd64"], arm64: ["arm64", "aarch64"] } as const;
const choices = TARGETS.filter(({ libc }) => libc === undefined).flatMap((target) =>
  MACHINES[target.arch].map((machine) => [SYSTEMS[target.os], machine, targetName(target)]),
);

test.each(choices)("%s on %s gets %s", async (system, machine, name) => {
  mkdirSync(at("fake"));
  writeFileSync(
    at("fake/uname"),
    `#!/bin/sh\n[ "$1" = -m ] && echo ${machine} || echo ${system}\n`,
  );
  chmodSync(at("fake/uname"), 0o755);
  await releases.stop();
  const archives = TARGETS.map((target) => [archiveName(target), "not wanted here"]);
  releases = serveReleases(VERSION, Object.fromEntries(archives) as Record<string, string>);
  await install({ PATH: `${at("fake")}:${SYSTEM_PATH}` });
  expect(releases.asked.at(-1)).toBe(`/download/v${VERSION}/silo-${VERSION}-${name}.tar.gz`);
});

const MUSL = join(ROOT, "dist/roots/linux-x64-musl");

test.skipIf(!existsSync(MUSL))("on a system of musl and busybox, the one for musl", async () => {
  const inside =
    "mount -t proc proc $1/proc && mount -t tmpfs tmpfs $1/tmp && exec chroot $1 sh -s";
  const script = [
    "export HOME=/tmp/home PATH=/usr/bin TMPDIR=/tmp",
    `export SILO_RELEASES=${releases.address}`,
    `cat >/tmp/install.sh <<'END OF IT'\n${readFileSync(join(ROOT, "install.sh"), "utf8")}\nEND OF IT`,
    "sh /tmp/install.sh && /tmp/home/.local/bin/silo version",
  ].join("\n");
  const command = ["unshare", "--mount", "sh", "-c", inside, "sh", MUSL];
  const { code, told } = await run(command, { PATH: SYSTEM_PATH }, script);
  expect({ code, told }).toEqual({
    code: 0,
    told: expect.stringMatching(/built for {2}linux-x64-musl\ninstalled {2}install.sh/),
  });
});
