import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  fstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sweepEnvFiles, withEnvFile, type EnvFile } from "../../src/backends/engine/env-file.ts";
import { capture, startOnTerminal } from "../../src/sys/process/process.ts";

const ENTRIES = [
  { name: "http_proxy", value: "http://user:s3cret@proxy" },
  { name: "PATH", value: "/x:/y" },
];
const TEXT = "http_proxy=http://user:s3cret@proxy\nPATH=/x:/y\n";

const before = process.env["XDG_RUNTIME_DIR"];
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "silo-env-test-"));
  process.env["XDG_RUNTIME_DIR"] = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
  else process.env["XDG_RUNTIME_DIR"] = before;
  rmSync(folder, { recursive: true });
});

const cat = (file: EnvFile | undefined) => ({
  bin: "cat",
  args: [file?.path ?? ""],
  files: file?.files ?? [],
});

test("a child reads the variables from a file that has no name", async () => {
  await withEnvFile(ENTRIES, async (file) => {
    expect(readdirSync(folder)).toEqual([]);
    expect(fstatSync(file?.files[0] ?? 0).mode & 0o777).toBe(0o600);
    const { stdout } = await capture(cat(file));
    expect(stdout).toBe(TEXT);
    // A retry reads the whole file again.
    expect((await capture(cat(file))).stdout).toBe(TEXT);
  });
});

test("a child on its own PTY gets it too", async () => {
  await withEnvFile(ENTRIES, async (file) => {
    let shown = "";
    const ended = Promise.withResolvers<void>();
    const child = startOnTerminal(
      cat(file),
      { columns: 80, rows: 24 },
      (chunk) => {
        shown += new TextDecoder().decode(chunk);
      },
      () => ended.resolve(),
    );
    expect(await child.exit).toBe(0);
    await ended.promise;
    expect(shown.replaceAll("\r", "")).toBe(TEXT);
  });
});

test("it is closed once, even if the work fails, and without variables no file is created", async () => {
  let kept: EnvFile | undefined;
  const failed = withEnvFile(ENTRIES, async (file) => {
    kept = file;
    file?.close();
    throw new Error("failed");
  });
  expect(failed).rejects.toThrow("failed");
  await failed.catch(() => {});
  expect(() => fstatSync(kept?.files[0] ?? 0)).toThrow();
  expect(await withEnvFile([], async (file) => file)).toBeUndefined();
});

test("a line break is refused, because it would define another variable", async () => {
  const entries = [{ name: "http_proxy", value: "a\nLD_PRELOAD=b" }];
  expect(withEnvFile(entries, async () => {})).rejects.toThrow("contains a line break");
});

test("only files left by an earlier version are deleted", () => {
  const old = new Date(Date.now() - 120_000);
  const make = (name: string, mode = 0o600, time = old) => {
    writeFileSync(join(folder, name), "A=b");
    chmodSync(join(folder, name), mode);
    utimesSync(join(folder, name), time, time);
  };
  make("silo-env-left");
  make("silo-env-fresh", 0o600, new Date());
  make("silo-env-open", 0o644);
  make("other");
  symlinkSync(join(folder, "other"), join(folder, "silo-env-link"));
  sweepEnvFiles();
  expect(readdirSync(folder).toSorted()).toEqual([
    "other",
    "silo-env-fresh",
    "silo-env-link",
    "silo-env-open",
  ]);
});
