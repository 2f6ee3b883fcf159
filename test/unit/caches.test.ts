import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cacheArgs } from "../../src/backends/docker/caches.ts";
import { CACHE_NAMES, cacheKey } from "../../src/core/caches.ts";
import { KEEP_DAYS, unusedCaches } from "../../src/core/unused-images.ts";
import { hostCaches, removeHostCache } from "../../src/sys/files/caches.ts";
import { toolByName } from "../../src/tools/index.ts";
import { planOf, type Setting } from "../support/plan.ts";

const codex = toolByName("codex");
const SETTINGS = {
  command: "docker",
  cpus: undefined,
  memory: undefined,
  processes: 1,
  log: false,
  coreDumps: false,
  socket: undefined,
  keep: false,
  runtime: undefined,
  seccomp: "/cache/seccomp.json",
  inhabitant: "user" as const,
};
const plan = (setting: Setting) => planOf(codex, setting);

describe("a plan", () => {
  test("has the paths of the named caches of every layer, once each, and in the image too", () => {
    const { caches, image, warnings } = plan({
      config: {
        caches: ["cargo", "npm"],
        tools: { codex: { caches: ["npm"] }, claude: { caches: ["go"] } },
        repos: { "github.com/acme": { caches: ["pip"] } },
      },
    });
    expect(caches.map(({ name, target }) => `${name} ${target}`)).toEqual([
      "cargo-registry /home/ada/.cargo/registry",
      "cargo-git /home/ada/.cargo/git",
      "npm /home/ada/.npm",
      "pip /home/ada/.cache/pip",
    ]);
    for (const path of ["/home/ada/.cargo", "/home/ada/.cargo/registry", "/home/ada/.cache/pip"])
      expect(image.dockerfile).toContain(`"${path}"`);
    expect(warnings).toEqual([]);
  });

  test("without caches has none, and the image does not change", () => {
    expect(plan({}).caches).toEqual([]);
    expect(plan({ config: { caches: [] } }).image.tag).toBe(plan({}).image.tag);
  });

  test("has separate caches for each directory and user", () => {
    const keys = [
      plan({ config: { caches: ["npm"] } }),
      plan({ config: { caches: ["npm"] }, host: { cwd: "/home/ada/src/other" } }),
      plan({ config: { caches: ["npm"] }, host: { uid: 1001 } }),
    ].map(({ caches }) => caches[0]?.key);
    expect(new Set(keys).size).toBe(3);
    expect(keys[0]).toBe(cacheKey(1000, "/home/ada/src/app"));
  });

  test.each(["~/.cargo", "~/.cargo/registry", "~/.cargo/registry/src"])(
    "leaves out a cache if %s is mounted, with a warning",
    (path) => {
      const { caches, warnings } = plan({ config: { caches: ["cargo"], mounts_ro: [path] } });
      expect(caches.map(({ name }) => name)).not.toContain("cargo-registry");
      expect(warnings).toContain(
        "the cache cargo-registry is not used, because ~/.cargo/registry is mounted",
      );
    },
  );

  test("on Docker labels the volumes, which podman cannot", () => {
    const made = plan({ config: { caches: ["npm"] } });
    const key = cacheKey(1000, "/home/ada/src/app");
    const [flag, mount] = cacheArgs(made, SETTINGS);
    expect(flag).toBe("--mount");
    expect(mount).toStartWith(
      `type=volume,source=silo-app-${key}-npm,target=/home/ada/.npm,volume-label=silo.managed=1,`,
    );
    expect(mount).toContain(`volume-label=silo.user=1000,volume-label=silo.cache=${key}`);
    expect(cacheArgs(made, { ...SETTINGS, command: "podman" })[1]).not.toContain("label");
  });

  test("every name is one of the schema's", () => {
    expect([...CACHE_NAMES]).toEqual(["cargo", "npm", "pip", "go"]);
  });
});

test("caches are unused if nothing has run for a month, or if the directory is unknown", () => {
  const day = 86_400_000;
  const use = (days: number) => ({ tag: "t", used: -days * day });
  const projects = [
    { key: "a", uses: [use(KEEP_DAYS + 1), use(1)] },
    { key: "b", uses: [use(KEEP_DAYS + 1)] },
  ];
  const caches = ["a", "b", "c"].map((key) => ({ key }));
  expect(unusedCaches(caches, projects, 0)).toEqual([{ key: "b" }, { key: "c" }]);
});

describe("a cache directory on the host", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "silo-caches-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test("is deleted with its read-only directories, and no link is followed", async () => {
    const cache = join(root, "silo/caches/0a1b");
    const deep = join(cache, "go-mod/a@v1/b");
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, "c.go"), "package b\n", { mode: 0o444 });
    const outside = join(root, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "kept"), "kept");
    chmodSync(outside, 0o500);
    symlinkSync(outside, join(cache, "go-mod/link"));
    for (const path of [deep, dirname(deep), join(cache, "go-mod")]) chmodSync(path, 0o555);
    expect(hostCaches(root)).toMatchObject([{ reference: cache, key: "0a1b" }]);
    await removeHostCache(cache);
    expect(hostCaches(root)).toEqual([]);
    expect(existsSync(`${cache}.removed`)).toBe(false);
    expect(readFileSync(join(outside, "kept"), "utf8")).toBe("kept");
  });

  test("that is half-deleted is found and deleted", async () => {
    const left = join(root, "silo/caches/0a1b.removed");
    mkdirSync(left, { recursive: true });
    expect(hostCaches(root)).toMatchObject([{ reference: left, key: "0a1b" }]);
    await removeHostCache(left);
    expect(existsSync(left)).toBe(false);
    expect(hostCaches(join(root, "none"))).toEqual([]);
  });
});
