import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { docker, finished, probe, silo, startSilo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { BACKENDS, containers, put, useWorld } from "../support/world.ts";
import { PROBE_CONFIG } from "../support/settings.ts";

const MINUTES = 5 * 60_000;

describe.each(BACKENDS)("%s", (backend) => {
  const world = useWorld({ backend });

  const running = () => containers(world, "running").length === 1;
  const sleeper = () => startSilo(world, ["codex", "--", "probe", "echo up; exec sleep 300"]);

  /** Containers with a text in their command, including the builder's, which have no labels. */
  const withCommand = (text: string) =>
    docker("ps", "--all", "--no-trunc", "--format", "{{.Command}}")
      .split("\n")
      .filter((command) => command.includes(text));

  describe("exit codes and streams", () => {
    test(
      "the exit code and both streams of the tool are passed on",
      async () => {
        const codes = [0, 1, 42, 125, 137];
        const results = await Promise.all(
          codes.map((code) => probe(world, `echo out; echo err >&2; exit ${code}`)),
        );
        expect(results.map(({ code }) => code)).toEqual(codes);
        for (const { stdout, stderr } of results) {
          expect(stdout).toBe("out\n");
          expect(stderr).toContain("err\n");
        }
      },
      MINUTES,
    );

    test(
      "piped input and output are passed unchanged",
      async () => {
        const data = randomBytes(300_000).toString("base64");
        const { code, stdout, stderr } = await probe(world, "cat", { input: data });
        const said = stdout === data ? "" : stderr;
        expect([code, stdout.length, said]).toEqual([0, data.length, ""]);
      },
      MINUTES,
    );

    test(
      "arguments are passed unchanged, including dashes",
      async () => {
        const args = ["--help", "--version", "--", "a b", "", "$HOME", "*"];
        const { stdout } = await probe(world, 'printf "%s|" "$@"', { args: ["_", ...args] });
        expect(stdout).toBe(args.map((arg) => `${arg}|`).join(""));
      },
      MINUTES,
    );
  });

  describe("signals", () => {
    test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
      "%s to silo stops the tool and leaves no container",
      async (signal) => {
        const child = sleeper();
        const end = finished(child);
        await eventually("it runs", running);
        child.kill(signal);
        const { code } = await end;
        expect(code).toBeGreaterThan(128);
        expect(containers(world)).toEqual([]);
      },
      MINUTES,
    );

    test(
      "the next command reaps the containers of a killed silo process",
      async () => {
        const child = sleeper();
        const end = finished(child);
        await eventually("it runs", running);
        child.kill("SIGKILL");
        await eventually("silo is dead", () => child.signalCode === "SIGKILL");
        // A sandbox is killed with its silo process; an engine's container is not.
        if (backend !== "bwrap") expect(running()).toBe(true);
        const { code, stdout } = await silo(world, ["ls", "-q"]);
        expect([code, stdout]).toEqual([0, ""]);
        expect(containers(world)).toEqual([]);
        await end;
      },
      MINUTES,
    );
  });

  describe("concurrent runs", () => {
    // Fewer for doubles, which start slowly, and for machines, which need a dozen processes each.
    const many = { fly: 5, container: 8 }[backend as string] ?? 20;
    test(
      `${many} concurrent starts get unique names and their own exit codes, and leave nothing`,
      async () => {
        // Each waits for all others, since a name is free as soon as its container has exited.
        const meet = `touch met-$$-$(hostname); until [ $(ls | grep -c met-) = ${many} ]; do sleep 0.05; done`;
        const results = await Promise.all(
          Array.from({ length: many }, (_, i) => probe(world, `${meet}; hostname; exit ${i + 1}`)),
        );
        expect(results.map(({ code }) => code)).toEqual(
          Array.from({ length: many }, (_, i) => i + 1),
        );
        expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(many);
      },
      MINUTES,
    );
  });

  describe("ls, exec, shell and rm", () => {
    test(
      "work for a running container",
      async () => {
        const child = sleeper();
        let said = "";
        child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
        const end = finished(child);
        await eventually("the tool runs", () => said === "up\n");
        const name = containers(world)[0] ?? "";
        expect((await silo(world, ["ls", "-q"])).stdout).toBe(`${name}\n`);
        const listed = JSON.parse((await silo(world, ["ls", "--json"])).stdout) as {
          name: string;
          running: boolean;
        }[];
        expect(listed).toMatchObject([{ name, running: true, tool: "codex", backend }]);
        const inside = await silo(world, ["exec", name, "sh", "-c", "pwd; cat; exit 3"], {
          input: "in",
        });
        expect([inside.code, inside.stdout]).toEqual([3, `${world.project}\nin`]);
        expect((await silo(world, ["shell", name], { input: "echo $HOME\n" })).stdout).toContain(
          world.home,
        );
        expect((await silo(world, ["rm", name])).code).toBe(1);
        const removed = await silo(world, ["rm", "--force", name]);
        expect([removed.code, removed.stdout]).toEqual([0, `${name}\n`]);
        expect((await end).code).toBe(137);
      },
      MINUTES,
    );

    // With bwrap all names belong to silo.
    test.skipIf(backend === "bwrap")(
      "do not work for a container that is not silo's",
      async () => {
        const other = `${world.project.slice(world.root.length + 1)}-1`;
        world.driver.makeForeign(world, other);
        try {
          const { code, stderr } = await silo(world, ["rm", "--force", other]);
          expect([code, stderr.split("\n")[0]]).toEqual([
            1,
            `error: no silo container is named "${other}"`,
          ]);
          expect((await silo(world, ["exec", other, "true"])).code).toBe(1);
          expect((await probe(world, "hostname")).stdout).toBe(`${other.slice(0, -2)}-2\n`);
        } finally {
          world.driver.removeForeign(world, other);
        }
      },
      MINUTES,
    );
  });

  // With bwrap all names belong to silo.
  test.skipIf(backend === "bwrap")(
    "a start with a name in use takes the highest number in use plus one",
    async () => {
      const project = world.project.slice(world.root.length + 1);
      const foreign = [`${project}-1`, `${project}-7`];
      for (const name of foreign) world.driver.makeForeign(world, name);
      try {
        const child = sleeper();
        const end = finished(child);
        await eventually("it has its name", () => containers(world).includes(`${project}-8`));
        expect((await silo(world, ["ls", "-q"])).stdout).toBe(`${project}-8\n`);
        const next = probe(world, "until [ -e go ]; do sleep 0.05; done; exit 7");
        await eventually("the next one", () => containers(world).includes(`${project}-9`));
        writeFileSync(join(world.project, "go"), "");
        expect((await next).code).toBe(7);
        child.kill("SIGTERM");
        await end;
        expect(containers(world).filter((name) => !foreign.includes(name))).toEqual([]);
      } finally {
        for (const name of foreign) world.driver.removeForeign(world, name);
      }
    },
    MINUTES,
  );

  describe("ports and builds", () => {
    // A sandbox publishes no ports, because it uses the host's network.
    test.skipIf(backend === "bwrap")(
      "a configured port that is in use is an error with its number",
      async () => {
        const server = Bun.serve({
          port: 0,
          hostname: "127.0.0.1",
          fetch: () => new Response("taken"),
        });
        put(
          world,
          "home/.config/silo/silo.jsonc",
          JSON.stringify({ ...PROBE_CONFIG, ports: [`${server.port}:80`] }),
        );
        const { code, stderr } = await probe(world, "echo never");
        expect(code).toBe(1);
        expect(stderr).toContain(`error: port ${server.port} on this machine is already in use`);
        await server.stop(true);
      },
      MINUTES,
    );

    test(
      "a failed build shows its last lines, and silo exits with 1",
      async () => {
        const marker = crypto.randomUUID();
        const hook = `: ${marker}; echo the reason; exit 5`;
        put(
          world,
          "home/.config/silo/silo.jsonc",
          JSON.stringify({ ...PROBE_CONFIG, post_build_hooks: [hook] }),
        );
        const { code, stderr } = await probe(world, "echo never");
        expect(withCommand(marker)).toEqual([]);
        expect(code).toBe(1);
        expect(stderr).toContain("the reason");
        expect(stderr).toContain(`post_build_hooks: this hook ended with exit code 5`);
      },
      MINUTES,
    );

    // A sandbox has no base image.
    test.skipIf(backend === "bwrap")(
      "a base image that cannot be pulled, a stopped engine and a failed hook give different errors",
      async () => {
        const build = async (more: object) => {
          put(world, "home/.config/silo/silo.jsonc", JSON.stringify({ ...PROBE_CONFIG, ...more }));
          return await probe(world, "echo never");
        };
        // Nothing listens on the first port.
        const nowhere = await build({ image: { base: "127.0.0.1:1/base:1", toolchains: [] } });
        expect(nowhere.stderr).toContain("error: cannot pull the base image");
        expect(nowhere.stderr).not.toContain("DEPRECATED");
        const words = "echo 'dial tcp: connection refused by the daemon'; exit 1";
        const hook = await build({ post_build_hooks: [words] });
        expect(hook.stderr).toMatch(/error: building silo-codex:\w+ failed/);
      },
      MINUTES,
    );

    test(
      "the whole home directory is mounted only with --yes",
      async () => {
        const { code, stderr } = await silo(world, ["codex", "--", "--version"], {
          cwd: world.home,
        });
        expect(code).toBe(2);
        expect(stderr).toContain("--yes");
        mkdirSync(join(world.home, "src"), { recursive: true });
        expect((await probe(world, "pwd", { cwd: world.home, flags: ["--yes"] })).stdout).toBe(
          `${world.home}\n`,
        );
      },
      MINUTES,
    );
  });
});
