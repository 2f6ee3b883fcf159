import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { silo, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { destroyWorld, makeWorld, sweepWorld, type World } from "../support/world.ts";
import { PROBE_CONFIG } from "../support/settings.ts";

const MINUTES = 5 * 60_000;
const SECRET = "http://user:s3cret@proxy";

let world: World;
afterEach(() => {
  sweepWorld(world);
  destroyWorld(world);
});

function make(backend: "docker" | "container") {
  world = makeWorld({ backend, config: { ...PROBE_CONFIG, env: ["http_proxy"] } });
  const folder = join(world.root, "runtime");
  mkdirSync(folder);
  return { folder, env: { http_proxy: SECRET, XDG_RUNTIME_DIR: folder } };
}

/** The open files of a process. */
const opened = (pid: number) =>
  readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "";
    }
  });

test.each(["docker", "container"] as const)(
  "%s: a variable that affects the command is passed in an unlinked file, which is gone even after a kill",
  async (backend) => {
    const { folder, env } = make(backend);
    const script = 'echo "$http_proxy" > seen; sleep 600';
    const child = startSilo(world, ["codex", "--", "probe", script], { env });
    const ended = once(child, "exit");
    const seen = join(world.project, "seen");
    await eventually(
      "it runs",
      () => existsSync(seen) && readFileSync(seen, "utf8") !== "",
      120_000,
    );
    expect(readFileSync(seen, "utf8")).toBe(`${SECRET}\n`);
    expect(readdirSync(folder)).toEqual([]);
    // silo does not keep the file open while the tool runs either.
    expect(opened(child.pid ?? 0).filter((path) => path.includes("silo-env-"))).toEqual([]);
    child.kill("SIGKILL");
    await ended;
    expect(readdirSync(folder)).toEqual([]);
    expect((await silo(world, ["rm", "--all", "--force"], { env })).code).toBe(0);
  },
  MINUTES,
);
