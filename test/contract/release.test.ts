import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { silo } from "../support/silo.ts";
import { useWorld } from "../support/world.ts";

// The newest release of silo: fetched in the background at most once a day, and printed only by `silo version`.

const world = useWorld({ backend: "none" });
let server: ReturnType<typeof Bun.serve>;
let asked: string[];
let latest: () => Response;
beforeEach(() => {
  asked = [];
  latest = redirect("/o/r/releases/tag/v99.1.0");
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ method, url }) => {
      // The registry is the same server, without any package.
      if (!url.endsWith("/latest")) return new Response("", { status: 404 });
      asked.push(method);
      return latest();
    },
  });
});
afterEach(async () => {
  await server.stop(true);
});

const redirect = (location: string) => () =>
  new Response(null, { status: 302, headers: { location } });
const file = () => join(world.home, ".cache/silo/versions.json");

/** Makes the cache older. */
function wait(hours: number): void {
  const { asked, silo, ...rest } = JSON.parse(readFileSync(file(), "utf8")) as {
    asked: number;
    silo: { asked: number; version?: string };
  };
  const ms = hours * 3_600_000;
  const older = { asked: asked - ms, silo: { ...silo, asked: silo.asked - ms } };
  writeFileSync(file(), JSON.stringify({ ...rest, ...older }));
}

/** Runs the background refresh. */
const refresh = async (env: Readonly<Record<string, string>> = {}) =>
  await silo(world, ["__refresh-versions"], {
    env: {
      NPM_CONFIG_REGISTRY: `${server.url.href}npm/`,
      SILO_RELEASES: server.url.href,
      SILO_NO_VERSION_CHECK: "",
      ...env,
    },
  });

const told = async (env: Readonly<Record<string, string>> = {}) =>
  (await silo(world, ["version"], { env: { SILO_NO_VERSION_CHECK: "", ...env } })).stdout;

test("the newest release is printed with the command that installs it", async () => {
  expect(await told()).toContain("newest     unknown; a run checks");
  await refresh();
  expect(asked).toEqual(["HEAD"]);
  expect(await told()).toContain("newest     99.1.0: git pull && npm ci");
  const { stdout } = await silo(world, ["version", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ version: manifest.version, newest: "99.1.0" });
});

test("the newest release has no command if it is installed already", async () => {
  latest = redirect(`/o/r/releases/tag/v${manifest.version}`);
  await refresh();
  expect(await told()).toEndWith(`newest     ${manifest.version}\n`);
});

test("it is fetched at most once a day, although tool versions are fetched hourly", async () => {
  await refresh();
  wait(2);
  await refresh();
  expect(asked.length).toBe(1);
  wait(23);
  await refresh();
  expect(asked.length).toBe(2);
}, 30_000);

test("it is not fetched if that is turned off, nor by silo version or silo --version", async () => {
  await refresh({ SILO_NO_VERSION_CHECK: "1" });
  expect(await told({ SILO_NO_VERSION_CHECK: "1" })).toContain(
    "unknown, because SILO_NO_VERSION_CHECK",
  );
  const env = { SILO_RELEASES: server.url.href, SILO_NO_VERSION_CHECK: "" };
  const { stdout } = await silo(world, ["--version"], { env });
  await silo(world, ["version"], { env });
  expect(stdout).toBe(`silo ${manifest.version}\n`);
  expect(asked).toEqual([]);
});

test.each([
  ["a place without releases", () => new Response("", { status: 404 })],
  ["what is no version", redirect("/o/r/releases/tag/v1.0.0;id")],
])(
  "%s does not change the known release and prints nothing",
  async (_, answer) => {
    await refresh();
    wait(25);
    latest = answer;
    const { code, stdout, stderr } = await refresh();
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await told()).toContain("99.1.0");
  },
  30_000,
);

test("offline the known release is printed, with the installation method by path", async () => {
  mkdirSync(join(world.home, ".cache/silo"), { recursive: true });
  writeFileSync(
    file(),
    JSON.stringify({ asked: 0, versions: {}, silo: { asked: 0, version: "98.0.0" } }),
  );
  await refresh({ SILO_RELEASES: "http://127.0.0.1:1" });
  expect(await told()).toContain("98.0.0");
  rmSync(file());
  expect(await told()).toContain("installed  from source (");
});
