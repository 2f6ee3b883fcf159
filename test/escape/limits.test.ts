import { describe, expect } from "bun:test";
import { createServer } from "node:net";
import { totalmem } from "node:os";
import { join } from "node:path";
import { docker, probe } from "../support/silo.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { liveBox, own, stage } from "./boxes.ts";
import { type Bind, plainBox } from "./plain.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const LIMITS = "unlimited memory, processes, logs and core dumps";
const SOCKET = "a host program that listens on a socket in the project";

/** Forks until it fails, or until there are more processes than silo's limit. The processes end with the box. */
const FORKS = `perl -e '
  $| = 1;
  for ($n = 0; $n < 4400; $n++) { defined(my $pid = fork) or last; if (!$pid) { sleep 100; exit } }
  print "$n\\n"; kill "KILL", -getpgrp 0'`;

const CRASH = `perl -e 'kill SEGV => $$'; ls; ulimit -H -c`;
const DIAL = `perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0); connect($s, sockaddr_un("host.sock")) or die; print scalar <$s>'`;

const here = ({ project }: World): readonly Bind[] => [
  { source: project, target: project, mode: "rw" },
];

/** Total size of all writable tmpfs in bytes. */
const TEMPORARY = `awk '$3 == "tmpfs" && $4 ~ /^rw/ { print $2 }' /proc/self/mounts | xargs -r df -B1 --output=size |
  awk 'NR > 1 { sum += $1 } END { printf "%.0f\\n", sum }'`;

describe.each([
  ["docker", undefined],
  ["docker", TESTER],
  ["bwrap", undefined],
  ["bwrap", TESTER],
] as const)("%s", (backend, user) => {
  const { project, configure } = stage(backend, user);
  const who = user === undefined ? "root" : "an ordinary user";

  holds(LIMITS, backend, `at most 4096 processes, as ${who}`, async () => {
    const { stdout } = await probe(project(), `setsid -w ${FORKS}; true`);
    expect(Number(stdout)).toBeGreaterThan(1000);
    expect(Number(stdout)).toBeLessThanOrEqual(4096);
  });

  holds(LIMITS, backend, `no core file, and no limit that could be raised, as ${who}`, async () => {
    const { stdout } = await probe(project(), CRASH);
    expect(stdout).toBe("0\n");
  });

  holds(
    LIMITS,
    backend,
    `the kernel ends the box before the host's programs, as ${who}`,
    async () => {
      const { stdout } = await probe(project(), "cat /proc/self/oom_score_adj");
      expect(Number(stdout)).toBeGreaterThanOrEqual(500);
    },
  );

  holds(LIMITS, backend, `temporary files cannot fill the memory, as ${who}`, async () => {
    const { stdout } = await probe(project(), TEMPORARY);
    expect(Number(stdout)).toBeLessThan(totalmem());
  });

  bites(
    LIMITS,
    backend,
    `a plain box crashes with a core file and is no likelier to be ended, as ${who}`,
    () => {
      const world = project();
      const { stdout } = plainBox(world, here(world), "cat /proc/self/oom_score_adj; ulimit -H -c");
      expect(stdout).toBe("0\nunlimited\n");
      if (backend === "bwrap")
        expect(Number(plainBox(world, here(world), TEMPORARY).stdout)).toBeGreaterThan(totalmem());
    },
  );

  const served = async (world: World, work: () => Promise<void>) => {
    const server = createServer((socket) => socket.end("host answers\n"));
    const path = join(world.project, "host.sock");
    await new Promise<void>((resolve) => server.listen(path, resolve));
    own(world);
    try {
      await work();
    } finally {
      server.close();
    }
  };

  holds(SOCKET, backend, `it is named at start, as ${who}`, async () => {
    const world = project();
    await served(world, async () => {
      const { code, stderr } = await probe(world, "true");
      expect(code).toBe(0);
      expect(stderr).toMatch(/^warning: .*host\.sock/m);
    });
    const { stderr } = await probe(project(), "true");
    expect(stderr).not.toContain(".sock");
  });

  bites(SOCKET, backend, `it answers inside, as ${who}`, async () => {
    const world = project();
    await served(world, async () => {
      expect((await probe(world, DIAL)).stdout).toBe("host answers\n");
    });
  });

  if (backend === "docker") dockerAlone();

  /** Limits of the engine itself. */
  function dockerAlone(): void {
    holds(LIMITS, backend, `the engine holds memory, and keeps no log, as ${who}`, async () => {
      const world = project();
      const box = await liveBox(world, "echo words");
      const format =
        "{{.HostConfig.Memory}} {{.HostConfig.LogConfig.Type}} {{.HostConfig.PidsLimit}}";
      const [memory = "", log, processes = ""] = docker(
        "inspect",
        "--format",
        format,
        box.name,
      ).split(" ");
      await box.stop();
      expect(Number(memory)).toBeGreaterThan(0);
      expect(Number(memory)).toBeLessThan(totalmem());
      expect(log).toBe("none");
      expect(Number(processes)).toBe(4096);
    });

    holds(
      LIMITS,
      backend,
      `a tool that takes more memory than its limit is ended, as ${who}`,
      async () => {
        configure({ backends: { docker: { memory: "128m" } } });
        const { code, stdout } = await probe(
          project(),
          `perl -e '$x = "x" x 600_000_000; print "had it"'`,
        );
        expect(stdout).toBe("");
        expect(code).not.toBe(0);
      },
    );

    bites(LIMITS, backend, `a plain container has no limit, and a log, as ${who}`, async () => {
      const world = project();
      const { stdout } = plainBox(
        world,
        here(world),
        `cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes`,
      );
      expect(stdout === "max\n" || Number(stdout) > totalmem()).toBe(true);
      expect(docker("info", "--format", "{{.LoggingDriver}}")).not.toBe("none");
    });
  }
});

tableAtEnd("escape/limits.test.ts");
