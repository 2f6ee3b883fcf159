import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { finished, probe, silo, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { useWorld } from "../support/world.ts";
import { PROBE_CONFIG, TESTER } from "../support/settings.ts";

const MINUTES = 10 * 60_000;

const prepared = spawnSync("bash", [join(import.meta.dir, "podman.sh")], { encoding: "utf8" });
if (prepared.status !== 0) process.stderr.write(prepared.stderr);
// 3: podman is not available here, and the tests are skipped. Any other failure is an error.
if (prepared.status !== 0 && prepared.status !== 3) throw new Error("podman could not be prepared");

const CONFIG = { ...PROBE_CONFIG, backends: { docker: { command: "podman" } } };

describe.skipIf(prepared.status !== 0).each([
  ["root", undefined],
  ["an ordinary user, without root", TESTER],
])("podman for %s", (_, user) => {
  const settings = { CONTAINERS_CONF: prepared.stdout.trim() };
  // Rootless podman keeps its images in the home directory, so the base image has to be loaded there.
  const images = { XDG_DATA_HOME: `/tmp/silo-podman-${TESTER.uid}/.local/share` };
  const env = user === undefined ? settings : { ...settings, ...images };
  const world = useWorld({ backend: "podman", config: CONFIG, env, user }, "block");

  const listed = async () => (await silo(world, ["ls", "-q"])).stdout;

  test(
    "builds and runs with the host's ids, and new files belong to the user",
    async () => {
      const { code, stdout } = await probe(
        world,
        "echo $(id -u):$(id -g) $HOME; touch made; exit 42",
      );
      const { uid, gid } = user ?? { uid: 0, gid: 0 };
      expect(stdout).toBe(`${uid}:${gid} ${world.home}\n`);
      expect(code).toBe(42);
      const made = statSync(join(world.project, "made"));
      expect([made.uid, made.gid]).toEqual([uid, gid]);
      expect(await listed()).toBe("");
    },
    MINUTES,
  );

  test(
    "there are no capabilities and no new privileges",
    async () => {
      const { stdout } = await probe(world, "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status");
      expect(stdout).toMatch(/CapEff:\t0+\n/);
      expect(stdout).toMatch(/CapBnd:\t0+\n/);
      expect(stdout).toMatch(/NoNewPrivs:\t1\n/);
    },
    MINUTES,
  );

  test(
    "limits, and variables that affect the command, are passed to the tool",
    async () => {
      const script = 'echo "$(ulimit -Hc) $(cat /proc/self/oom_score_adj) $http_proxy"';
      const env = { http_proxy: "http://user:s3cret@proxy" };
      const file = { ...CONFIG, env: ["http_proxy"] };
      await Bun.write(join(world.home, ".config/silo/silo.jsonc"), JSON.stringify(file));
      const { stdout } = await probe(world, script, { env });
      await Bun.write(join(world.home, ".config/silo/silo.jsonc"), JSON.stringify(CONFIG));
      expect(stdout).toBe("0 500 http://user:s3cret@proxy\n");
    },
    MINUTES,
  );

  test(
    "a cache is kept in a silo volume, which belongs to the user in the container",
    async () => {
      const config = join(world.home, ".config/silo/silo.jsonc");
      await Bun.write(config, JSON.stringify({ ...CONFIG, caches: ["cargo"] }));
      expect((await probe(world, "echo crate > ~/.cargo/registry/a")).code).toBe(0);
      expect((await probe(world, "cat ~/.cargo/registry/a")).stdout).toBe("crate\n");
      // Without a record of a run the cache belongs to no project.
      const state = join(world.root, "empty-state");
      const { stdout } = await silo(world, ["prune", "--dry-run"], {
        env: { XDG_STATE_HOME: state },
      });
      await Bun.write(config, JSON.stringify(CONFIG));
      const names = [...stdout.matchAll(/cache +(silo-\S+-cargo-\w+)/g)].map(([, name]) => name);
      expect(new Set(names.map((name) => name?.replace(/^.*-cargo/, "cargo")))).toEqual(
        new Set(["cargo-git", "cargo-registry"]),
      );
      const ids = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`];
      const words = ["podman", "volume", "rm", ...names.map((name) => name ?? "")];
      const removed = spawnSync("setpriv", [...ids, "--clear-groups", "--", ...words], {
        cwd: "/",
        env: world.env,
      });
      expect(removed.status).toBe(0);
    },
    MINUTES,
  );

  test(
    "piped input and output are passed unchanged",
    async () => {
      const input = Uint8Array.from({ length: 100_000 }, (_unused, i) => i % 251);
      const run = startSilo(world, ["codex", "--", "probe", "cat | sha256sum"]);
      const { stdout } = await finished(run, input);
      expect(stdout).toStartWith(new Bun.CryptoHasher("sha256").update(input).digest("hex"));
    },
    MINUTES,
  );

  test(
    "ls, exec and rm work, and concurrent runs get different names",
    async () => {
      const running = [1, 2, 3].map(() =>
        finished(startSilo(world, ["codex", "--", "probe", "sleep 600"])),
      );
      let names: readonly string[] = [];
      while (names.length < 3) {
        names = (await listed()).trim().split("\n");
        // A run that could not start exits immediately; the others sleep.
        const ended = await Promise.race([...running, Promise.resolve(undefined)]);
        expect(ended).toBeUndefined();
      }
      expect(new Set(names).size).toBe(3);
      const [first = ""] = names;
      const { stdout } = await silo(world, ["exec", first, "hostname"]);
      expect(stdout).toBe(`${first}\n`);
      const table = (await silo(world, ["ls"])).stdout;
      expect(table).toMatch(new RegExp(`${first} +silo-codex:\\w+ +docker +Up`));
      const removed = await silo(world, ["rm", "--force", "--all"]);
      expect({ code: removed.code, stderr: removed.stderr }).toEqual({ code: 0, stderr: "" });
      await Promise.all(running);
      expect(await listed()).toBe("");
    },
    MINUTES,
  );

  test(
    "SIGTERM stops the tool and leaves no container",
    async () => {
      const script = [
        "codex",
        "--name",
        `ends-${crypto.randomUUID().slice(0, 8)}`,
        "--",
        "probe",
        "touch started; sleep 600",
      ];
      const started = join(world.project, "started");
      const first = startSilo(world, script);
      const ended = finished(first);
      await eventually("it runs", () => statSync(started, { throwIfNoEntry: false }) !== undefined);
      first.kill("SIGTERM");
      expect((await ended).code).toBe(143);
      expect(await listed()).toBe("");
    },
    MINUTES,
  );

  test(
    "a configured port that is in use is reported as such",
    async () => {
      const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("") });
      const { port = 0 } = server;
      const file = { ...CONFIG, ports: [`${port}:80`] };
      await Bun.write(join(world.home, ".config/silo/silo.jsonc"), JSON.stringify(file));
      const { stderr } = await probe(world, "true");
      await server.stop(true);
      await Bun.write(join(world.home, ".config/silo/silo.jsonc"), JSON.stringify(CONFIG));
      expect(stderr).toContain(`port ${port} on this machine is already in use`);
      expect(await listed()).toBe("");
    },
    MINUTES,
  );
});
