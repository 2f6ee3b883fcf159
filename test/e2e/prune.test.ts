import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  BASE_IMAGE,
  destroyWorld,
  docker,
  finished,
  makeWorld,
  probe,
  put,
  silo,
  startSilo,
  sweepWorld,
  type World,
} from "../support/silo.ts";

const MINUTES = 5 * 60_000;

let world: World;
let old = "";
beforeEach(async () => {
  world = makeWorld();
  // An image as an earlier version of a tool leaves it. Its name sorts it apart from what other tests built.
  old = `silo-old:${crypto.randomUUID().slice(0, 8)}`;
  docker("run", "--name", "silo-prune-maker", BASE_IMAGE, "true");
  docker("commit", "--change", "LABEL silo.managed=1", "silo-prune-maker", old);
  docker("rm", "silo-prune-maker");
});
afterEach(() => {
  sweepWorld(world);
  if (exists(old)) docker("rmi", "-f", old);
  destroyWorld(world);
});

const exists = (tag: string) => docker("image", "ls", "-q", tag) !== "";

test(
  "images that no project uses are shown with their size, and only that without a yes",
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
  "what a project here uses is not offered, nor what runs",
  async () => {
    await probe(world, "true");
    const { stdout: plan } = await silo(world, ["codex", "--dry-run", "--json"]);
    const own = (JSON.parse(plan) as { image: { tag: string } }).image.tag;
    const running = startSilo(world, ["codex", "--name", "kept-1", "--", "probe", "sleep 600"]);
    const ended = finished(running);
    const { stdout } = await silo(world, ["prune", "--dry-run"]);
    expect(stdout).toContain(old);
    expect(stdout).not.toContain(own);
    expect(stdout).not.toContain("kept-1");
    running.kill("SIGTERM");
    await ended;
  },
  MINUTES,
);

test(
  "with --yes they go, and one that a container uses stays",
  async () => {
    // All other images of this engine belong to other tests.
    const others = docker(
      "image",
      "ls",
      "--filter",
      "label=silo.managed=1",
      "--format",
      "{{.Repository}}:{{.Tag}}",
    );
    const uses = others
      .split("\n")
      .filter((tag) => tag !== old)
      .map((tag, i) => [`tool-${i}`, { tag, used: Date.now() }]);
    const record = { directory: world.project, tool: "codex", images: Object.fromEntries(uses) };
    put(world, "home/.local/state/silo/projects/0.json", JSON.stringify(record));
    const inUse = docker("create", old, "true");
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
