import { afterEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { TOOLS } from "../../src/tools/index.ts";
import { silo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { put, useWorld } from "../support/world.ts";
import { SILO } from "../support/settings.ts";

// Versions from the registry, which become build arguments: fetched in the background, and validated.

type Cache = { asked: number; versions: Record<string, string> };

const world = useWorld({ backend: "none" });
let server: ReturnType<typeof Bun.serve> | undefined;
afterEach(async () => {
  await server?.stop(true);
  server = undefined;
});

const cacheFile = () => join(world.home, ".cache/silo/versions.json");
const cache = () => JSON.parse(readFileSync(cacheFile(), "utf8")) as Cache;

function writeCache(value: Cache): void {
  mkdirSync(join(world.home, ".cache/silo"), { recursive: true });
  writeFileSync(cacheFile(), JSON.stringify(value));
}

/** A local registry with one version of every package. */
function registry(version: string): string {
  server = Bun.serve({
    port: 0,
    fetch: ({ url }) => {
      const name = decodeURIComponent(new URL(url).pathname.slice(1));
      const own = { name, version, dist: { tarball: `${url}.tgz`, shasum: "0" } };
      return Response.json({
        name,
        "dist-tags": { latest: version },
        versions: { [version]: own },
      });
    },
  });
  return server.url.href;
}

const refresh = (address: string) =>
  silo(world, ["__refresh-versions"], { env: { NPM_CONFIG_REGISTRY: address } });

const ofNpm = TOOLS.filter(({ version }) => version.registry === "npm").map(({ name }) => name);

test("the newest version of every npm tool is cached, and used in the image", async () => {
  const tag = async () => {
    const { stdout } = await silo(world, ["claude", "--dry-run", "--json"]);
    return (JSON.parse(stdout) as { image: { tag: string } }).image.tag;
  };
  const before = await tag();
  await refresh(registry("987.6.5"));
  expect(ofNpm.map((name) => cache().versions[name])).toEqual(ofNpm.map(() => "987.6.5"));
  expect(await tag()).not.toBe(before);
});

test("the real registry is queried with this machine's npm settings", async () => {
  const { stdout } = spawnSync("npm", ["config", "get", "registry"], { encoding: "utf8" });
  await refresh(stdout.trim());
  expect(Object.keys(cache().versions)).toEqual(expect.arrayContaining(ofNpm));
}, 60_000);

test("an invalid version is ignored", async () => {
  writeCache({ asked: 0, versions: { claude: "1.2.3" } });
  await refresh(registry("1.0.0-$(id)"));
  expect(cache().versions).toMatchObject({ claude: "1.2.3" });
});

test("an unreachable registry changes nothing, and is not queried again for an hour", async () => {
  writeCache({ asked: 0, versions: { claude: "1.2.3" } });
  const before = Date.now();
  const { code, stderr } = await refresh("http://127.0.0.1:1/");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { asked, versions } = cache();
  expect(versions).toMatchObject({ claude: "1.2.3" });
  expect(asked).toBeGreaterThanOrEqual(before);
  await refresh(registry("987.6.5"));
  expect(cache().versions).toMatchObject({ claude: "1.2.3" });
});

test("concurrent refreshes leave a complete cache and no temporary files", async () => {
  const address = registry("987.6.5");
  await Promise.all(Array.from({ length: 8 }, () => refresh(address)));
  expect(cache().versions).toMatchObject({ claude: "987.6.5" });
  expect(readdirSync(join(world.home, ".cache/silo"))).toEqual(["versions.json"]);
});

test("an invalid cache is replaced", async () => {
  mkdirSync(join(world.home, ".cache/silo"), { recursive: true });
  writeFileSync(cacheFile(), '{"asked": 1, "versions": {"cla');
  await refresh(registry("987.6.5"));
  expect(cache().versions).toMatchObject({ claude: "987.6.5" });
});

test("a run does not wait for a registry that does not respond", async () => {
  let asked = 0;
  server = Bun.serve({
    port: 0,
    fetch: () => {
      asked += 1;
      return new Promise<Response>(() => {});
    },
  });
  const address = server.url.href;
  const engine = put(world, "bin/docker", '#!/bin/sh\n[ "$1" != run ] || exit 7\n');
  chmodSync(engine, 0o755);
  const env = {
    PATH: `${dirname(engine)}:${world.env["PATH"]}`,
    NPM_CONFIG_REGISTRY: address,
    SILO_RELEASES: address,
    SILO_NO_VERSION_CHECK: "",
  };
  const { code } = await silo(world, ["codex", "--", "probe", "exit 7"], { env });
  expect(code).toBe(7);
  await eventually("the registry is asked", () => asked > 0);
  expect(existsSync(cacheFile())).toBe(true);
  expect(cache().versions).toEqual({});
  for (const pid of refreshing()) process.kill(pid);
});

/** The background refresh processes of this world. */
function refreshing(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        const program = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0] ?? "";
        return environment.includes(`HOME=${world.home}`) && program === SILO;
      } catch {
        return false;
      }
    })
    .map(Number);
}
