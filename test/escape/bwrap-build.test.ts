import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { split } from "../../src/backends/bwrap/split.ts";
import { claude } from "../../src/tools/claude.ts";
import { finished, silo, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { destroyWorld, makeWorld, put, sweepWorld, type World } from "../support/world.ts";
import { BASE_CONFIG, PROBE_CONFIG, TESTER } from "../support/settings.ts";
import { byHand, shown } from "./by-hand.ts";

const MINUTES = 5 * 60_000;
const CANARY = "npm_CANARY";
const PACKAGE = "@anthropic-ai/claude-code";

/** A package whose install script searches for the user's credentials. */
const PACKED = {
  name: PACKAGE,
  version: claude.knownVersion,
  bin: { claude: "claude" },
  scripts: {
    preinstall: "echo early > early",
    postinstall:
      "{ cat ~/.npmrc ~/.bunfig.toml; env; cat /proc/*/environ; find ~ /etc /opt -name .npmrc -exec cat {} +; } > seen 2>/dev/null; echo ran >> seen",
  },
};

let folder: string;
let registry: ReturnType<typeof Bun.serve>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "silo-registry-"));
  mkdirSync(join(folder, "package"));
  writeFileSync(join(folder, "package/package.json"), JSON.stringify(PACKED));
  writeFileSync(join(folder, "package/claude"), "#!/bin/sh\necho claude\n", { mode: 0o755 });
  spawnSync("tar", ["czf", "package.tgz", "package"], { cwd: folder });
  const tarball = readFileSync(join(folder, "package.tgz"));
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  registry = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      if (request.headers.get("authorization") !== `Bearer ${CANARY}`)
        return new Response("sign in", { status: 401 });
      const { pathname, origin } = new URL(request.url);
      if (pathname.endsWith(".tgz")) return new Response(tarball);
      const dist = { tarball: `${origin}/package.tgz`, integrity };
      const { version } = PACKED;
      const versions = { [version]: { ...PACKED, hasInstallScript: true, dist } };
      return Response.json({ name: PACKAGE, "dist-tags": { latest: version }, versions });
    },
  });
});
afterAll(async () => {
  await registry.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

const settings = () =>
  `registry=http://127.0.0.1:${registry.port}/\n//127.0.0.1:${registry.port}/:_authToken=${CANARY}\n`;

let world: World;
afterEach(() => {
  expect(sweepWorld(world)).toEqual([]);
  destroyWorld(world);
});

describe.each([
  ["root", undefined],
  ["an ordinary user", TESTER],
])("a build of %s", (_, user) => {
  beforeEach(() => {
    const hook = "{ cat ~/.npmrc; env; } > /opt/silo/hook 2>/dev/null; echo ran >> /opt/silo/hook";
    const config = { ...BASE_CONFIG, tools: { claude: { post_build_hooks: [hook] } } };
    world = makeWorld({ backend: "bwrap", config, ...(user === undefined ? {} : { user }) });
    put(world, "home/.npmrc", settings());
  });

  test(
    "fetches with the user's sign-in, which no install script and no hook can read",
    async () => {
      const env = { NPM_TOKEN: CANARY, NPM_CONFIG__AUTHTOKEN: CANARY };
      const { code, stderr } = await silo(world, ["claude", "--", "--version"], { env });
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      const cache = join(world.home, ".cache/silo/bwrap");
      const [prefix = ""] = readdirSync(cache);
      const found = spawnSync(
        "find",
        [join(cache, prefix), "-name", "seen", "-o", "-name", "hook"],
        {
          encoding: "utf8",
        },
      ).stdout;
      const files = found.trimEnd().split("\n");
      expect(files).toHaveLength(2);
      for (const file of files) {
        const text = readFileSync(file, "utf8");
        expect(text).toEndWith("ran\n");
        expect(text).not.toContain(CANARY);
      }
      expect(existsSync(join(cache, prefix, "home/.npmrc"))).toBe(false);
      // The credentials are readable in the fetch step, in which no code of packages runs.
      const { fetch } = await shown(world, ["claude"]);
      const args = [...fetch.args.slice(0, -1), "cat ~/.npmrc"];
      const script = fetch.args.at(-1) ?? "";
      expect(script).not.toContain("node -e");
      expect(byHand(world, { bin: fetch.bin, args }).stdout).toContain(CANARY);
    },
    MINUTES,
  );
});

test("with npm itself, scripts run in the second step alone", async () => {
  world = makeWorld({ backend: "bwrap" });
  put(world, "home/.npmrc", settings());
  const steps = claude.install.map(({ run }) => ({ about: "install", run }));
  const { fetch, rest } = split({ steps });
  const tools = join(world.root, "tools");
  // Asynchronous, because the registry runs in this process.
  const step = (run: string, more: Record<string, string>) =>
    finished(
      spawn("bash", ["-o", "pipefail", "-ec", run], {
        env: {
          PATH: `${tools}/bin:${process.env["PATH"]}`,
          HOME: world.home,
          NPM_CONFIG_PREFIX: tools,
          SILO_TOOLS: tools,
          CLAUDE_VERSION: claude.knownVersion,
          ...more,
        },
      }),
    );
  const place = join(tools, "lib/node_modules", PACKAGE);
  const fetched = await step(fetch[0]?.run ?? "", { NPM_CONFIG_IGNORE_SCRIPTS: "true" });
  expect([fetched.code, existsSync(join(place, "claude"))]).toEqual([0, true]);
  expect(existsSync(join(place, "early"))).toBe(false);
  const built = await step(rest[0]?.run ?? "", {});
  expect([built.code, existsSync(join(place, "early"))]).toEqual([0, true]);
  expect(built.stdout).toContain("claude");
  expect(readFileSync(join(place, "seen"), "utf8")).toEndWith("ran\n");
});

test(
  "a killed build leaves nothing after the next one, nor after prune",
  async () => {
    world = makeWorld({ backend: "bwrap" });
    const slow = "sleep 60";
    const config = (hook: string) =>
      put(
        world,
        "home/.config/silo/silo.jsonc",
        JSON.stringify({ ...PROBE_CONFIG, post_build_hooks: [hook] }),
      );
    const cache = join(world.home, ".cache/silo/bwrap");
    const building = () =>
      (existsSync(cache) ? readdirSync(cache) : []).filter((name) => name.includes(".building-"));
    const kill = async () => {
      const known = building();
      const child = startSilo(world, ["codex", "--", "probe", "true"]);
      const end = finished(child);
      await eventually("it builds", () => building().length > known.length || known.length > 0);
      child.kill("SIGKILL");
      await end;
    };
    config(slow);
    await kill();
    expect(building()).toHaveLength(1);
    const [left = ""] = building();
    const child = startSilo(world, ["codex", "--", "probe", "true"]);
    const end = finished(child);
    await eventually("it builds anew", () => building().some((name) => name !== left));
    // A build in progress is kept, and leftovers are deleted.
    expect(building()).not.toContain(left);
    await silo(world, ["prune", "--yes", "--backend", "bwrap"]);
    expect(building()).toHaveLength(1);
    child.kill("SIGKILL");
    await end;
    await silo(world, ["prune", "--yes", "--backend", "bwrap"]);
    expect(building()).toEqual([]);
  },
  MINUTES,
);
