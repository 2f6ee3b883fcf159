import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostView } from "../../src/backends/bwrap/args.ts";
import { RUNTIME, TOOLS } from "../../src/backends/bwrap/args.ts";
import { SHIMS } from "../../src/backends/bwrap/inside-env.ts";
import { isUnsafeSetUid } from "../../src/backends/bwrap/host.ts";
import { launchCommand, launchError, type Launch } from "../../src/backends/bwrap/launch.ts";
import type { MemoryLimit } from "../../src/backends/bwrap/limits.ts";
import { bytes } from "../../src/backends/bwrap/limits.ts";

const root = mkdtempSync(join(tmpdir(), "silo-programs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A bwrap that prints its arguments and environment. */
const bwrap = join(root, "bwrap");
writeFileSync(
  bwrap,
  `#!/bin/sh
for word in "$@"; do echo "$word"; done
env | grep -v '^\\(PWD\\|_\\|SHLVL\\)=' | sed 's/^/env /'
fd=; for word in "$@"; do [ "$last" = --args ] && fd=$word; last=$word; done
[ -z "$fd" ] || tr '\\0' '\\n' < /proc/self/fd/$fd | sed 's/^/inside /'
`,
  { mode: 0o755 },
);

const view: HostView = {
  bwrap,
  perl: "/usr/bin/perl",
  arch: process.arch,
  version: "1",
  system: [],
  etc: [],
  hidden: { files: [], directories: [] },
};

/** SECCOMP_RET_ALLOW alone. */
const FILTER = "060000000000ff7f";

function launch(more: Partial<Launch>) {
  const command = launchCommand(view, 1000, {
    args: ["--unshare-user", "--", "true"],
    inside: {},
    name: "test",
    features: { filter: FILTER, descriptors: false },
    workdir: "/",
    tty: false,
    ignoreSigint: false,
    memory: undefined,
    ...more,
  });
  const { stdout, stderr, status } = spawnSync(command.bin, command.args, {
    encoding: "utf8",
    env: { ...command.env },
  });
  return { code: status, lines: stdout.trimEnd().split("\n"), stderr };
}

describe("the launcher", () => {
  test("is clean Perl in every form", () => {
    const enter = join(import.meta.dir, "../../src/backends/bwrap/enter.pl");
    const { stderr: said } = spawnSync("perl", ["-Mwarnings", "-c", enter], { encoding: "utf8" });
    expect(said).toBe(`${enter} syntax OK\n`);
    const memory = { most: "1", tasks: 1, must: true, cgroup: undefined, systemd: undefined };
    for (const uid of [0, 1000]) {
      for (const limit of [memory, undefined]) {
        const { args } = launchCommand(view, uid, {
          args: [],
          inside: {},
          name: "test",
          features: { filter: FILTER, descriptors: false },
          workdir: "/",
          tty: false,
          ignoreSigint: false,
          memory: limit,
        });
        const { stderr } = spawnSync("perl", ["-Mwarnings", "-c", "-e", args[2] ?? ""], {
          encoding: "utf8",
        });
        expect(stderr.replaceAll(/^.*unlikely to be reached.*\n.*\n/gm, "")).toBe("-e syntax OK\n");
      }
    }
  });

  test("the sandbox gets all of its variables, the launcher and bwrap get none of them", () => {
    const inside = { PERL5OPT: "-MNothing", LD_PRELOAD: "/nothing.so", TEXT: "a\nb=c", EMPTY: "" };
    const { code, lines, stderr } = launch({ inside, outside: { SILO_SESSION: "1" } });
    expect([code, stderr]).toEqual([0, ""]);
    expect(lines.filter((line) => line.startsWith("env "))).toEqual(["env SILO_SESSION=1"]);
    const passed = Object.entries(inside)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, value]) => ["--setenv", name, ...value.split("\n")]);
    expect(lines.filter((line) => line.startsWith("inside "))).toEqual(
      passed.map((line) => `inside ${line}`),
    );
  });

  test("mounts the given paths, and computes limits from the machine's memory", () => {
    const args = [
      "--mount-ro",
      "-",
      "/a b",
      "/c",
      "--mount-rw",
      "1:2",
      "/d",
      "/e",
      "--size",
      "50%",
    ];
    const { lines } = launch({ args: [...args, "--tmpfs", "/tmp", "--", "--mount-ro", "--size"] });
    const total = Number(/^MemTotal:\s+(\d+) kB/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
    const mounts = ["--ro-bind", "/a b", "/c", "--bind", "/d", "/e"];
    const size = ["--size", String(total * 512), "--tmpfs", "/tmp"];
    const given = lines.toSpliced(lines.indexOf("--seccomp"), 2);
    expect(given.slice(0, 13)).toEqual([...mounts, ...size, "--", "--mount-ro", "--size"]);
  });
});

describe("a system call filter", () => {
  const broken = ["", "00", "zz".repeat(8), `${FILTER}00`, `${FILTER}\n`];

  test.each(broken)("with the content %j prevents a start", (filter) => {
    const { code, lines, stderr } = launch({ features: { filter, descriptors: false } });
    expect([code, lines]).toEqual([1, [""]]);
    expect(stderr).toMatch(
      /^error: the sandbox was not started because its system call filter is missing\nhint: .+\n$/,
    );
  });

  test("reaches bwrap through a descriptor", () => {
    const { code, lines } = launch({});
    expect(code).toBe(0);
    expect(lines.join(" ")).toMatch(/--seccomp \d+/);
  });

  const enter = (filter: string) => {
    const program = join(import.meta.dir, "../../src/backends/bwrap/enter.pl");
    const settings = [`arch=${process.arch}`, "name=app-1", "pid=0", "start=1", "dir=/"];
    const { status, stderr } = spawnSync("perl", ["-f", program, ...settings, "--", "true"], {
      encoding: "utf8",
      env: { SILO_FILTER: filter },
    });
    return [status, stderr.split("\n")[0]];
  };

  test.each(broken)("with the content %j prevents entering a sandbox", (filter) => {
    const missing = "error: entering app-1 failed: its system call filter is missing";
    expect(enter(filter)).toEqual([1, missing]);
    expect(enter(FILTER)).not.toContain(missing);
  });
});

describe("by descriptor", () => {
  const features = { filter: FILTER, descriptors: true };
  const directory = join(root, "mounted");
  mkdirSync(directory);
  const { dev, ino } = statSync(directory, { bigint: true });

  test("mounts the checked files, and refuses a file without an expected id", () => {
    const args = ["--mount-rw", `${dev}:${ino}`, directory, "/a", "--mount-ro", "-", "/b", "/c"];
    const { lines } = launch({ args: [...args, "--", "true"], features });
    expect(lines.slice(0, 6)).toEqual([
      "--bind-fd",
      expect.stringMatching(/^\d+$/) as unknown as string,
      "/a",
      "--ro-bind",
      "/b",
      "/c",
    ]);
  });

  test.each([
    ["another directory", () => ["1:1", directory]],
    [
      "a link to the same one",
      () => {
        symlinkSync(directory, join(root, "link"));
        return [`${dev}:${ino}`, join(root, "link")];
      },
    ],
    ["a missing file", () => [`${dev}:${ino}`, join(root, "gone")]],
  ])("refuses %s", (_, put) => {
    const { code, stderr } = launch({
      args: ["--mount-rw", ...put(), "/a", "--", "true"],
      features,
    });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("was replaced on the host while silo started") as unknown as string,
    ]);
  });
});

describe("a limit of memory", () => {
  const limit: MemoryLimit = {
    most: "1000000",
    tasks: 99,
    must: true,
    cgroup: undefined,
    systemd: undefined,
  };

  test("is a cgroup of root's, and unused ones are removed", () => {
    const cgroup = join(root, "cgroup");
    mkdirSync(join(cgroup, "silo-old"), { recursive: true });
    expect(launch({ memory: { ...limit, cgroup } }).code).toBe(0);
    const text = (name: string) => readFileSync(join(cgroup, "silo-test", name), "utf8");
    expect([text("memory.max"), text("pids.max")]).toEqual(["1000000", "99"]);
    expect(Number(text("cgroup.procs"))).toBeGreaterThan(1);
    expect(existsSync(join(cgroup, "silo-old"))).toBe(false);
  });

  test("is a scope of the user's systemd", () => {
    const busctl = join(root, "busctl");
    writeFileSync(busctl, `#!/bin/sh\necho "$XDG_RUNTIME_DIR $*" > ${root}/asked; exit 1\n`);
    chmodSync(busctl, 0o755);
    const systemd = { busctl, runtime: "/run/user/1000" };
    const refused = launch({ memory: { ...limit, systemd } });
    expect([refused.code, refused.lines]).toEqual([1, [""]]);
    expect(refused.stderr).toMatch(
      /^error: cannot set the memory limit .* systemd created no scope\nhint: .*\n$/,
    );
    expect(readFileSync(join(root, "asked"), "utf8")).toMatch(
      /^\/run\/user\/1000 --user call org\.freedesktop\.systemd1 \/org\/freedesktop\/systemd1 org\.freedesktop\.systemd1\.Manager StartTransientUnit ssa\(sv\)a\(sa\(sv\)\) silo-test\.scope fail 3 PIDs au 1 \d+ MemoryMax t 1000000 TasksMax t 99 0\n$/,
    );
    // A default limit that cannot be enforced is dropped silently.
    const started = launch({ memory: { ...limit, must: false, systemd } });
    expect([started.code, started.stderr]).toEqual([0, ""]);
  });

  test("that the user configured but that cannot be enforced prevents the start", () => {
    expect(launch({ memory: limit }).code).toBe(1);
    expect(launch({ memory: { ...limit, must: false } }).code).toBe(0);
  });

  test("parses amounts as docker does", () => {
    const amounts = ["512", "1k", "1.5m", "2G", "7b"];
    expect(amounts.map(bytes)).toEqual([512, 1024, 1_572_864, 2_147_483_648, 7]);
  });
});

test("its errors are silo's own", () => {
  const error = launchError(["error: what", "  why", "hint: how"]);
  expect([error?.message, error?.detail, error?.hint]).toEqual(["what", ["why"], "how"]);
  expect(launchError(["STEP 1/1", "error: what", "hint: how"])).toBeUndefined();
});

test("a bwrap with the set-user-id bit is safe from 0.11.2 on", () => {
  expect(isUnsafeSetUid(0o104_755, "bubblewrap 0.8.0")).toBe(true);
  expect(isUnsafeSetUid(0o104_755, "bubblewrap 0.11.1")).toBe(true);
  expect(isUnsafeSetUid(0o104_755, "bubblewrap 0.11.2")).toBe(false);
  expect(isUnsafeSetUid(0o100_755, "bubblewrap 0.8.0")).toBe(false);
});

test("silo's runtime used as node ignores the configuration files of the working directory", () => {
  const tools = join(root, "tools");
  const project = join(root, "project");
  for (const folder of [`${tools}/bin`, project]) mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(SHIMS)) {
    const here = text.replaceAll(RUNTIME, process.execPath).replaceAll(TOOLS, tools);
    writeFileSync(`${tools}/bin/${name}`, here, { mode: 0o755 });
  }
  writeFileSync(`${tools}/main.js`, "console.log(process.env.EVIL, process.argv.slice(2));");
  writeFileSync(`${project}/.env`, "EVIL=1\n");
  writeFileSync(`${project}/bunfig.toml`, 'preload = ["./evil.js"]\n');
  writeFileSync(`${project}/evil.js`, 'console.log("evil");');
  const run = (bin: string, ...words: readonly string[]) =>
    spawnSync(bin, [...words, `${tools}/main.js`, "--x"], { cwd: project, encoding: "utf8" });
  expect(run(`${tools}/bin/node`).stdout).toBe('undefined [ "--x" ]\n');
  // Without the wrapper the runtime reads both.
  expect(run(process.execPath).stdout).toBe('evil\n1 [ "--x" ]\n');
});
