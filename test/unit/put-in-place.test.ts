import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
  chmodSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exchange } from "../../src/sys/files/exchange.ts";
import { putInPlace } from "../../src/sys/staging/put-in-place.ts";
import { readStamped, changeStamp, writeNew } from "../../src/sys/files/stamped.ts";

let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-put-"));
  path = join(root, "file");
  writeFileSync(path, "old");
});
afterEach(() => rmSync(root, { recursive: true }));

const text = (name: string) => readFileSync(join(root, name), "utf8");
const names = () => ({ path, fresh: join(root, "fresh"), aside: join(root, "aside") });
const refused: typeof exchange = () => Promise.resolve("refused");

/** A program's save: a new file renamed over the old one. */
function rename(content: string): void {
  writeFileSync(join(root, "editor"), content);
  renameSync(join(root, "editor"), path);
}

async function put(swap?: typeof exchange) {
  const expected = await readStamped(path);
  await writeNew(join(root, "fresh"), Buffer.from("new"), expected.access);
  return { run: () => putInPlace(names(), expected, swap), expected };
}

describe.each([
  ["by exchange", undefined],
  ["by hard link", refused],
])("%s", (_, swap) => {
  test("the old file is kept aside", async () => {
    const { run } = await put(swap);
    expect(await run()).toBe("displaced");
    expect([text("file"), text("aside")]).toEqual(["new", "old"]);
  });

  test("a file that was saved after it was read is not replaced", async () => {
    const { run } = await put(swap);
    rename("saved");
    expect(await run()).toBe("moved");
    expect(text("file")).toBe("saved");
  });

  test("nor is a file that was written in place with the same size", async () => {
    const { run } = await put(swap);
    writeFileSync(path, "OLD");
    expect(await run()).toBe("moved");
    expect(text("file")).toBe("OLD");
  });

  test("a deleted file is not created again", async () => {
    const { run } = await put(swap);
    unlinkSync(path);
    expect(await run()).toBe("moved");
    expect(readdirSync(root)).not.toContain("file");
  });

  test("if there was no file, one that was created since is not replaced", async () => {
    unlinkSync(path);
    const { run } = await put(swap);
    rename("made");
    expect(await run()).toBe("moved");
    expect(text("file")).toBe("made");
  });

  test("if there is no file, the new one is put in place", async () => {
    unlinkSync(path);
    const { run } = await put(swap);
    expect(await run()).toBe("placed");
    expect(text("file")).toBe("new");
  });

  test("a later write through an open descriptor is in the kept file", async () => {
    const file = openSync(path, "a");
    const { run } = await put(swap);
    await run();
    writeSync(file, " and more");
    closeSync(file);
    expect([text("file"), text("aside")]).toEqual(["new", "old and more"]);
  });

  test("owner and permissions are kept", async () => {
    chmodSync(path, 0o640);
    const { run } = await put(swap);
    const { uid, gid } = statSync(path);
    await run();
    const now = statSync(path);
    expect([now.mode % 0o1000, now.uid, now.gid]).toEqual([0o640, uid, gid]);
  });
});

test.each([
  ["renamed over it", () => rename("saved"), "saved"],
  ["written in place", () => writeFileSync(path, "saved"), "saved"],
  ["added at its end", () => appendFileSync(path, "+"), "old+"],
])("a file %s at the last moment is kept aside", async (_, save, kept) => {
  const { run } = await put(async (a, b) => {
    save();
    return await exchange(a, b);
  });
  expect(await run()).toBe("displaced");
  expect([text("file"), text("aside")]).toEqual(["new", kept]);
});

test("an exchange whose helper was killed afterwards counts as done", async () => {
  const { run } = await put(async (a, b) => {
    await exchange(a, b);
    return "refused";
  });
  expect(await run()).toBe("displaced");
  expect([text("file"), text("aside")]).toEqual(["new", "old"]);
});

test("without exchange a link that replaced the file is not followed", async () => {
  writeFileSync(join(root, "secret"), "old");
  const { run } = await put((a) => {
    // As link(2) on macOS leaves it: a hard link to the target of the symbolic link.
    unlinkSync(path);
    symlinkSync(join(root, "secret"), path);
    expect(text("aside")).toBe("new");
    return Promise.resolve(a === "" ? "done" : "refused");
  });
  expect(await run()).toBe("moved");
  expect([text("file"), readdirSync(root).includes("aside")]).toEqual(["old", false]);
});

test("a stamp changes with each save, whatever its size and time", async () => {
  const before = await changeStamp(path);
  const { mtime, atime } = statSync(path);
  writeFileSync(path, "OLD");
  utimesSync(path, atime, mtime);
  expect(await changeStamp(path)).not.toBe(before);
});

test.each([
  ["a link", () => symlinkSync("/etc/hostname", path)],
  ["a directory", () => mkdirSync(path)],
  ["a pipe", () => Bun.spawnSync(["mkfifo", path])],
])("%s is not read", async (_, make) => {
  unlinkSync(path);
  make();
  expect(await readStamped(path).catch(String)).toContain("is not a regular file");
});

test.skipIf(process.platform !== "linux")(
  "a file longer than its reported size counts as torn",
  async () => {
    // Files of /proc have no size before they are read.
    const { torn, content } = await readStamped("/proc/self/status");
    expect([torn, content?.length]).toEqual([true, 1]);
  },
);
