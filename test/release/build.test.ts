import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archiveName, sha256 } from "../../scripts/archive.ts";
import { ROOT, TARGETS, targetName } from "../../scripts/compile.ts";
import { bundled } from "../../scripts/licenses.ts";
import { checkPages } from "../../scripts/signature.ts";
import { commit, committedAt } from "../../scripts/source.ts";
import { RELEASE } from "./server.ts";

// What was built: the same bytes anywhere, whole archives, and signatures that macOS would take.

const built = (name: string) => join(ROOT, "dist/build", name, "silo");

describe("the same source makes the same bytes", () => {
  let copy: string;
  beforeEach(async () => {
    copy = join(mkdtempSync(join(tmpdir(), "silo-elsewhere-")), "another/folder");
    const packages = await bundled();
    const parts = ["src", "scripts", "package.json", "package-lock.json", "tsconfig.json"];
    parts.push("Dockerfile.template", "THIRD-PARTY-LICENSES.txt", "silo.schema.json");
    for (const part of [
      ...parts,
      ...[...packages, "nanotar"].map((name) => `node_modules/${name}`),
    ])
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  });
  afterEach(() => rmSync(join(copy, "../.."), { recursive: true, force: true }));

  /** In another folder, on another day, without a clone. */
  const COMPILE = `import { compile } from "./scripts/compile.ts";
    const [name, runtime, file] = process.argv.slice(2);
    await compile(file, { target: { name, runtime } });`;

  test.each(TARGETS.map(targetName))(
    "%s, built in another folder",
    (name) => {
      const file = join(copy, "dist", name, "silo");
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(join(copy, "build.ts"), COMPILE);
      const { status, stderr } = spawnSync(
        process.execPath,
        ["build.ts", name, join(ROOT, "dist/runtimes", name, "bun"), file],
        { cwd: copy, env: { ...process.env, SILO_COMMIT: commit() }, encoding: "utf8" },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(sha256(file)).toBe(sha256(built(name)));
    },
    30_000,
  );
});

test.each(TARGETS.map((target) => [targetName(target), archiveName(target)]))(
  "the archive of %s holds the binary, as a program, with licences and completions of one time",
  (name, archive) => {
    const list = ["-tvzf", join(RELEASE, archive), "--utc", "--full-time"];
    const lines = spawnSync("tar", list, { encoding: "utf8" }).stdout.trim().split("\n");
    const time = new Date(committedAt()).toISOString().slice(0, 19).replace("T", " ");
    const files = lines.map((line) => line.split(/\s+/));
    expect(files.map((fields) => `${fields[0]} ${fields[1]} ${fields.slice(3).join(" ")}`)).toEqual(
      [
        `-rwxr-xr-x root/root ${time} silo`,
        ...[
          "LICENSE",
          "NOTICE",
          "THIRD-PARTY-LICENSES.txt",
          "completions/silo.bash",
          "completions/_silo",
          "completions/silo.fish",
        ].map((file) => `-rw-r--r-- root/root ${time} ${file}`),
      ],
    );
    expect(files[0]?.[2]).toBe(String(readFileSync(built(name)).length));
  },
);

test("the sums are those of the archives, as sha256sum reads them", () => {
  const checked = spawnSync("sha256sum", ["--check", "checksums.txt"], { cwd: RELEASE });
  expect(checked.stdout.toString().trim().split("\n").toSorted()).toEqual(
    TARGETS.map((target) => `${archiveName(target)}: OK`).toSorted(),
  );
});

describe("page hashes of a macOS binary", () => {
  const signed = () => readFileSync(built("darwin-arm64"));

  test("are right as built for arm64", () => {
    const { pages, wrong } = checkPages(signed());
    expect({ pages: pages > 10_000, wrong }).toEqual({ pages: true, wrong: [] });
  });

  test("one changed byte is one wrong page", () => {
    const file = signed();
    const at = 5_000_000;
    file[at] = (file[at] ?? 0) ^ 1;
    expect(checkPages(file).wrong).toEqual([Math.floor(at / 4096)]);
  });

  test("what is signed no longer, or was never, is said to be so", () => {
    const file = signed();
    const cut = file.subarray(0, -16);
    expect(() => checkPages(cut)).toThrow("not at the end of the file");
    expect(() => checkPages(readFileSync(built("linux-x64")))).toThrow("not a 64-bit Mach-O");
  });
});

test("a runtime that is not what the lock file says is not taken, whether kept or fetched", () => {
  const folder = mkdtempSync(join(tmpdir(), "silo-runtime-"));
  // A client that brings something else under the right name.
  const npm = `#!/bin/sh\nfor place; do case $place in /*) echo other >"$place/oven.tgz";; esac; done\n`;
  writeFileSync(join(folder, "npm"), npm, { mode: 0o755 });
  const code = `import { runtime } from "${ROOT}/scripts/runtimes.ts";
    runtime({ os: "linux", arch: "x64" }, "${folder}/out");`;
  const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder };
  const run = () => spawnSync(process.execPath, ["-e", code], { env, encoding: "utf8" });
  for (const time of ["fetched", "kept"]) {
    const { status, stderr } = run();
    expect({ time, status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        `hash of @oven/bun-linux-x64@${Bun.version} does not match package-lock.json`,
      ),
    });
  }
  expect(readdirSync(folder)).not.toContain("out");
  rmSync(folder, { recursive: true });
});
