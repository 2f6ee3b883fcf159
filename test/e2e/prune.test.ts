import { afterEach, beforeEach, expect, test } from "bun:test";
import { engine } from "../support/front.ts";
import { docker, finished, probe, silo, startSilo } from "../support/silo.ts";
import { put, useWorld } from "../support/world.ts";
import { BASE_IMAGE } from "../support/settings.ts";

const MINUTES = 5 * 60_000;

const world = useWorld();
let old = "";
beforeEach(() => {
  // An image as an earlier version of a tool leaves it. Its name sorts it apart from what other tests built.
  old = `silo-old:${crypto.randomUUID().slice(0, 8)}`;
  const maker = engine(world, ["create", BASE_IMAGE, "true"]);
  engine(world, ["commit", "--change", "LABEL silo.managed=1", maker, old]);
  engine(world, ["rm", maker]);
});
afterEach(() => {
  if (exists(old)) docker("rmi", "-f", old);
});

const exists = (tag: string) => docker("image", "ls", "-q", tag) !== "";

test(
  "unused images are listed with their size, and not removed without a confirmation",
  async () => {
    const shown = await silo(world, ["prune", "--dry-run"]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(
      new RegExp(`image +${old} +docker +[\\d.]+ [kMG]B +\\S+ \\w+ ago`),
    );
    expect(shown.stderr).toContain("would free up to");
    const asked = await silo(world, ["prune"]);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain("silo prune --yes");
    expect(exists(old)).toBe(true);
  },
  MINUTES,
);

test(
  "images of projects and of running containers are not offered",
  async () => {
    await probe(world, "true");
    const { stdout: plan } = await silo(world, ["codex", "--dry-run", "--json"]);
    const own = (JSON.parse(plan) as { image: { tag: string } }).image.tag;
    const name = `kept-${crypto.randomUUID().slice(0, 8)}`;
    const running = startSilo(world, ["codex", "--name", name, "--", "probe", "sleep 600"]);
    const ended = finished(running);
    const { stdout } = await silo(world, ["prune", "--dry-run"]);
    expect(stdout).toContain(old);
    expect(stdout).not.toContain(own);
    expect(stdout).not.toContain(name);
    running.kill("SIGTERM");
    await ended;
  },
  MINUTES,
);

test(
  "--yes removes images, except for one that a container uses",
  async () => {
    // Images of other tests are kept.
    const others = engine(world, ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
    const uses = others
      .split("\n")
      .filter((tag) => tag !== old)
      .map((tag, i) => [`tool-${i}`, { tag, used: Date.now() }]);
    const record = { directory: world.project, tool: "codex", images: Object.fromEntries(uses) };
    put(world, "home/.local/state/silo/projects/0.json", JSON.stringify(record));
    const inUse = engine(world, ["create", old, "true"]);
    const busy = await silo(world, ["prune", "--yes"]);
    expect(busy.stderr).toContain(`${old} is in use by a container and was kept`);
    expect(exists(old)).toBe(true);
    docker("rm", inUse);
    const { code, stdout } = await silo(world, ["prune", "--yes"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${old}\n` });
    expect(exists(old)).toBe(false);
    expect((await silo(world, ["prune"])).stderr).toBe("nothing to prune\n");
  },
  MINUTES,
);
