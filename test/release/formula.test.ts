import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archiveName, sha256 } from "../../scripts/archive.ts";
import { HERE, ROOT, TARGETS } from "../../scripts/compile.ts";
import { formula, releaseIn } from "../../scripts/formula.ts";
import { RELEASES, VERSION } from "../../scripts/source.ts";
import { RELEASE } from "./server.ts";

// The formula, evaluated by Ruby and installed from the archives that were just built.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "silo-formula-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Found = {
  readonly said: Readonly<Record<string, unknown>>;
  readonly caveats: string;
  readonly files: readonly string[];
  readonly tested: boolean;
};

function brew(text: string, from: string, ...words: readonly string[]): Found {
  const path = join(folder, "silo.rb");
  writeFileSync(path, text);
  const args = [join(import.meta.dir, "harness.rb"), path, from, KEG_PATH(), ...words];
  const { status, stdout, stderr } = spawnSync("ruby", ["-w", ...args], { encoding: "utf8" });
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as Found;
}

/** As Homebrew names them, which is how silo knows that it came by it. */
const KEG_PATH = () => join(folder, "Cellar/silo/0.0.0");

const KEG = [
  "THIRD-PARTY-LICENSES.txt",
  "bin/silo",
  "etc/bash_completion.d/silo",
  "share/fish/vendor_completions.d/silo.fish",
  "share/zsh/site-functions/_silo",
];

test("on this machine it installs the binary and its completions, and its own test passes", () => {
  const text = formula(releaseIn(RELEASE));
  const { said, caveats, files, tested } = brew(text, RELEASE, "linux", "x64");
  expect(files).toEqual(KEG);
  expect(tested).toBe(true);
  const installed = spawnSync(join(KEG_PATH(), "bin/silo"), ["version"], { encoding: "utf8" });
  expect(installed.stdout).toContain(`installed  Homebrew (${folder})\n`);
  expect(said).toMatchObject({ version: VERSION, license: "Apache-2.0" });
  for (const backend of ["container", "docker", "fly", "mutagen"])
    expect(caveats).toContain(backend);
});

test.each(TARGETS.filter(({ libc }) => libc === undefined))("%j gets its own archive", (target) => {
  const { said } = brew(formula(releaseIn(RELEASE)), "-", target.os, target.arch);
  expect(said["url"]).toBe(`${RELEASES}/download/v${VERSION}/${archiveName(target)}`);
  expect(said["sha256"]).toBe(sha256(join(RELEASE, archiveName(target))));
});

test("a sum that is another is noticed", () => {
  const text = formula(releaseIn(RELEASE)).replaceAll(/sha256 "..../g, 'sha256 "0000');
  expect(() => brew(text, RELEASE, "linux", "x64")).toThrow("the sum is another");
});

test("without a release there is the source alone, and it builds", () => {
  const text = readFileSync(join(ROOT, "Formula/silo.rb"), "utf8");
  const { said, files } = brew(text, ROOT, ...HERE.split("-"), "--head");
  expect(files).toEqual(KEG);
  expect(said["head"]).toMatchObject({ depends_on: [{ node: "build" }] });
}, 240_000);
