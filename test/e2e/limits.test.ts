import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { docker, finished, probe, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { containers, useWorld } from "../support/world.ts";
import { PROBE_CONFIG } from "../support/settings.ts";

const MINUTES = 5 * 60_000;

const world = useWorld();

type Limits = {
  readonly Memory: number;
  readonly PidsLimit: number;
  readonly OomScoreAdj: number;
  readonly LogConfig: { readonly Type: string };
};

/** The engine's limits of a running tool, and the limits that the tool sees. */
async function limits(): Promise<{ host: Limits; inside: string }> {
  const script =
    'echo "$(ulimit -Hc) $(cat /proc/self/oom_score_adj)" > seen; echo told; sleep 600';
  const child = startSilo(world, ["codex", "--", "probe", script]);
  const ended = finished(child);
  const seen = join(world.project, "seen");
  await eventually("it runs", () => existsSync(seen), 120_000);
  const [name = ""] = containers(world);
  const host = JSON.parse(docker("inspect", "--format", "{{json .HostConfig}}", name)) as Limits;
  child.kill("SIGTERM");
  await ended;
  return { host, inside: (await Bun.file(seen).text()).trim() };
}

test(
  "by default memory, processes, core dumps and the log are limited",
  async () => {
    const { host, inside } = await limits();
    expect(inside).toBe("0 500");
    expect(host).toMatchObject({ PidsLimit: 4096, OomScoreAdj: 500, LogConfig: { Type: "none" } });
    expect(host.Memory).toBeGreaterThan(0);
    expect(host.Memory).toBeLessThanOrEqual(totalmem() * 0.75);
  },
  MINUTES,
);

test(
  "a tool that prints messages like the engine's is not restarted, and keeps its limit",
  async () => {
    const words = [
      "docker: Error response from daemon: cgroup: no memory controller",
      "docker: Error response from daemon: No such image: x",
      'docker: Conflict. The container name "/x" is already in use',
      "docker: Bind for 127.0.0.1:1 failed: port is already allocated",
    ];
    for (const said of words) {
      // A second start would succeed.
      const script = `echo '${said}' >&2; [ -e ran ] && exit 0; touch ran; exit 125`;
      const { code, stderr } = await probe(world, script);
      expect([code, stderr.includes(`${said}\n`)]).toEqual([125, true]);
      await Bun.file(join(world.project, "ran")).delete();
    }
  },
  MINUTES,
);

test(
  "each limit can be set",
  async () => {
    const limit = { memory: "200m", processes: 99, log: true, core_dumps: true };
    const config = { ...PROBE_CONFIG, backends: { docker: limit } };
    await Bun.write(join(world.home, ".config/silo/silo.jsonc"), JSON.stringify(config));
    const { host, inside } = await limits();
    expect(inside).not.toStartWith("0 ");
    expect(host).toMatchObject({ PidsLimit: 99, Memory: 200 * 2 ** 20 });
    expect(host.LogConfig.Type).not.toBe("none");
  },
  MINUTES,
);
