import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeCaches } from "../../src/backends/docker/caches.ts";
import { cacheKey } from "../../src/core/caches.ts";
import { docker, probe, silo } from "../support/silo.ts";
import { destroyWorld, makeWorld, put, sweepWorld, type World } from "../support/world.ts";
import { PROBE_CONFIG, TESTER } from "../support/settings.ts";

const MINUTES = 5 * 60_000;
const CONFIG = { ...PROBE_CONFIG, caches: ["cargo", "npm", "go"] };

let world: World;
afterEach(() => {
  sweepWorld(world);
  const own = volumes(world);
  if (own.length > 0) docker("volume", "rm", ...own);
  destroyWorld(world);
});

const keyOf = (made: World, directory = made.project) =>
  cacheKey(made.user?.uid ?? process.getuid?.() ?? 0, directory);

/** The volumes of the world's two directories. */
function volumes(made: World): readonly string[] {
  return [made.project, join(made.root, "other")].flatMap((directory) => {
    const filter = `label=silo.cache=${keyOf(made, directory)}`;
    return docker("volume", "ls", "-q", "--filter", filter).split("\n").filter(Boolean);
  });
}

const TABLE = (["docker", "container", "bwrap"] as const).flatMap((backend) => [
  [backend, "root", undefined] as const,
  [backend, "an ordinary user", TESTER] as const,
]);

describe.each(TABLE)("%s, for %s", (backend, _, user) => {
  test(
    "a cache is kept for the next run of the project, and not shared with others",
    async () => {
      world = makeWorld({ backend, config: CONFIG, ...(user === undefined ? {} : { user }) });
      put(world, "home/.cargo/registry/hosts-own", "x");
      const fill =
        "mkdir -p ~/.cargo/registry/cache ~/go/pkg/mod && echo crate > ~/.cargo/registry/cache/a.crate && echo package > ~/.npm/_b && ls ~/.cargo/registry && touch ~/.cargo/config.toml";
      const first = await probe(world, fill);
      expect([first.code, first.stdout]).toEqual([0, "cache\n"]);
      const second = await probe(world, "cat ~/.cargo/registry/cache/a.crate ~/.npm/_b");
      expect(second.stdout).toBe("crate\npackage\n");
      const other = join(world.root, "other");
      mkdirSync(other, { mode: 0o777 });
      const elsewhere = await probe(
        world,
        "find ~/.cargo/registry ~/.npm -name _b -o -name '*.crate'",
        { cwd: other },
      );
      expect([elsewhere.code, elsewhere.stdout]).toEqual([0, ""]);
      expect(readdirSync(join(world.home, ".cargo/registry"))).toEqual(["hosts-own"]);
      expect(existsSync(join(world.home, ".npm"))).toBe(false);
    },
    MINUTES,
  );
});

/** Sets the age of the last run in a directory. */
function age(made: World, days: number): void {
  const folder = join(made.home, ".local/state/silo/projects");
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), "utf8");
    const used = Date.now() - days * 86_400_000;
    writeFileSync(join(folder, name), text.replaceAll(/"used":\d+/g, `"used":${used}`));
  }
}

test(
  "prune offers volumes after a month, and removes only unused ones",
  async () => {
    world = makeWorld({ config: CONFIG });
    await probe(world, "true");
    const own = volumes(world);
    expect(own.toSorted()).toEqual(
      ["cargo-git", "cargo-registry", "go-build", "go-mod", "npm"].map(
        (name) => `silo-${world.project.split("/").at(-1)}-${keyOf(world)}-${name}`,
      ),
    );
    const offered = async () => (await silo(world, ["prune", "--dry-run"])).stdout;
    const before = await offered();
    for (const name of own) expect(before).not.toContain(name);
    age(world, 40);
    const after = await offered();
    for (const name of own) expect(after).toMatch(new RegExp(`cache +${name} +docker`));
    const [busy = "", ...idle] = own;
    const user = docker(
      "create",
      "--mount",
      `type=volume,source=${busy},target=/x`,
      "silo-test-base:latest",
    );
    const settings = { command: "docker" } as Parameters<typeof removeCaches>[0];
    expect(await removeCaches(settings, [...own, "silo-no-such-volume"])).toEqual([busy]);
    docker("rm", user);
    expect(volumes(world)).toEqual([busy]);
    expect(idle).toHaveLength(4);
  },
  MINUTES,
);

test(
  "prune removes directories after a month",
  async () => {
    world = makeWorld({ backend: "bwrap", config: CONFIG });
    await probe(world, "mkdir -p ~/go/pkg/mod/a@v1 && chmod 555 ~/go/pkg/mod/a@v1");
    const folder = join(world.home, ".local/share/silo/caches", keyOf(world));
    expect((await silo(world, ["prune", "--yes", "--backend", "bwrap"])).stdout).toBe("");
    expect(existsSync(folder)).toBe(true);
    age(world, 40);
    const { stdout } = await silo(world, ["prune", "--yes", "--backend", "bwrap"]);
    expect(stdout).toContain(`${folder}\n`);
    expect(existsSync(folder)).toBe(false);
  },
  MINUTES,
);
