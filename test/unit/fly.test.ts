import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { imageReference, runArgs, tagOf } from "../../src/backends/fly/args.ts";
import { adopt } from "../../src/backends/remote/foreign-record.ts";
import { stateOf } from "../../src/backends/remote/attach.ts";
import { jsonIn } from "../../src/backends/fly/flyctl.ts";
import { flyError, isImageMissing, isNameTaken } from "../../src/backends/fly/errors.ts";
import { COPIES, planLayout } from "../../src/backends/remote/sync/layout.ts";
import { hourlyCost, launchedId, machineOf } from "../../src/backends/fly/machines.ts";
import { createArgs } from "../../src/backends/remote/sync/mutagen.ts";
import { judge, progressText, type SyncSession } from "../../src/backends/remote/sync/sessions.ts";
import { setUpOf, setupScript } from "../../src/backends/remote/link/setup.ts";
import { sshConfig } from "../../src/backends/remote/link/ssh.ts";
import type { Mount } from "../../src/core/types.ts";
import { toolByName } from "../../src/tools/index.ts";
import { planOf } from "../support/plan.ts";

const SETTINGS = {
  app: "agents",
  region: "syd",
  cpus: 4,
  memoryMb: 8192,
  ignore: [],
  persist: true,
};
const SESSION = { id: "0123456789abcdef", name: "app-1" };

const dir = (path: string, mode: "ro" | "rw" = "rw", from = "project"): Mount => ({
  source: path,
  target: path,
  mode,
  kind: "dir",
  from,
});
const layoutOf = (mounts: readonly Mount[], git: readonly string[] = [], ignore: string[] = []) =>
  planLayout({ mounts }, git, ignore);

describe("what is synchronised", () => {
  test("a git directory is apart, and left out of the work around it", () => {
    const { syncs } = layoutOf([dir("/p")], ["/p/.git"], ["node_modules"]);
    expect(syncs.map(({ kind, local, ignore }) => [kind, local, ignore])).toEqual([
      ["work", "/p", ["node_modules", "/.git"]],
      ["git", "/p/.git", ["*.lock", "gc.pid", "index.stash.*", "fsmonitor--daemon*"]],
    ]);
  });

  test("a path below another is left out of that one, whatever signs are in its name", () => {
    const { syncs } = layoutOf([dir("/p"), dir("/p/a*b [1]/ro", "ro", "/silo.jsonc")]);
    expect(syncs[0]?.ignore).toEqual([String.raw`/a\*b \[1\]/ro`]);
  });

  test("what an outer path shows already is not synchronised twice", () => {
    expect(layoutOf([dir("/p"), dir("/p/in", "rw", "silo")]).syncs).toHaveLength(1);
  });

  test("read-only copies lie where root alone writes, each in a folder of its own", () => {
    const { syncs } = layoutOf([dir("/p"), dir("/a/x", "ro"), dir("/b/x", "ro")]);
    expect(syncs.map(({ kind, remote, shown }) => [kind, remote, shown])).toEqual([
      ["work", "/p", "/p"],
      ["ro", `${COPIES}/1/x`, "/a/x"],
      ["ro", `${COPIES}/2/x`, "/b/x"],
    ]);
  });

  test("a link's own path leads to the one copy", () => {
    const link = { ...dir("/real", "ro"), target: "/link" };
    expect(layoutOf([dir("/real", "ro"), link]).links).toEqual([{ path: "/link", to: "/real" }]);
  });
});

describe("mutagen's arguments", () => {
  const argsOf = (kind: "work" | "git" | "tool" | "ro") =>
    createArgs(
      { kind, of: "dir", local: "/here", remote: "/there", shown: "/there", ignore: [] },
      "m1",
      3,
      "/i.yml",
    );

  test.each([
    ["work", ["two-way-safe", "/here", "silo-m1-sync:/there", "0644"]],
    ["tool", ["two-way-safe", "/here", "silo-m1-sync:/there", "0600"]],
    ["ro", ["one-way-replica", "/here", "root@silo-m1-sync:/there", "0644"]],
    ["git", ["two-way-resolved", "silo-m1-sync:/there", "/here", "0644"]],
  ] as const)("%s goes its way", (kind, [mode, alpha, beta, fileMode]) => {
    const args = argsOf(kind);
    expect(args[args.indexOf("--mode") + 1]).toBe(mode);
    expect(args.slice(-2)).toEqual([alpha, beta]);
    expect(args[args.indexOf("--default-file-mode") + 1]).toBe(fileMode);
  });
});

describe("the set-up of a machine", () => {
  const secret = "s3cret '$(touch /x)' \\ \"q\"\nline";
  const plan = planOf(toolByName("codex"), { config: { env: [`ODD=${secret}`] } });
  const layout = planLayout(plan, [], []);
  const script = setupScript(plan, { layout, name: "app-1" }, "ssh-ed25519 AAAA silo", "{}");

  test("is bash, whatever stands in a value", () => {
    expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr).toBe("");
  });

  test("hands values over unchanged, separated by NUL", () => {
    const line = script.split("\n").findIndex((text) => text.startsWith("printf '%s\\0' LANG"));
    const rest = script.split("\n").slice(line).join("\n");
    const command = rest.slice(0, rest.indexOf(" >/dev/shm"));
    const { stdout } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
    expect(stdout.split("\0")).toContain(`ODD=${secret}`);
  });

  test("tells its key between marks, whatever flyctl says around them", () => {
    const said =
      "WARN old\nCreating WireGuard peer\n-----silo-----\nssh-ed25519 AAAA\nada\n-----silo-----\nbye\n";
    expect(setUpOf(said)).toEqual({ hostKey: "ssh-ed25519 AAAA", login: "ada" });
    expect(setUpOf(said.replaceAll("\n", "\r\n"))?.login).toBe("ada");
    expect(setUpOf("-----silo-----\nssh-ed25519 AAAA\n")).toBeUndefined();
    expect(
      setUpOf("-----silo-----\nssh-ed25519 AAAA\nProxyCommand x\n-----silo-----\n"),
    ).toBeUndefined();
  });
});

test("no value of a variable stands in a machine's configuration", () => {
  const plan = planOf(toolByName("codex"), { config: { env: ["ODD=s3cret"] } });
  expect(plan.env.map(({ value }) => value)).toContain("s3cret");
  expect(runArgs(plan, SESSION, SETTINGS).join(" ")).not.toContain("s3cret");
});

test("an image's tag comes back from its label", () => {
  const reference = imageReference("agents", "silo-codex:0123456789abcdef");
  expect(reference).toBe("registry.fly.io/agents:silo-codex-0123456789abcdef");
  expect(tagOf("agents", "silo-codex-0123456789abcdef")).toBe("silo-codex:0123456789abcdef");
  expect(tagOf("agents", "deployment-01H")).toBe("agents:deployment-01H");
});

test("ssh is told the exact key, and nothing of the user's own", () => {
  const files = {
    folder: "/s/50% off",
    key: "/s/50% off/id",
    knownHosts: "/s/50% off/known_hosts",
    config: "/s/c",
    log: "/s/log",
  };
  const text = sshConfig({ app: "agents", id: "m1" }, "ada", files, "/s/c");
  expect(text).toContain('IdentityFile "/s/50%% off/id"');
  expect(text.match(/StrictHostKeyChecking yes/g)).toHaveLength(2);
  expect(text).toMatch(/Host silo-m1-sync\n {2}HostName silo-m1-sync\n.*\n {2}User ada/);
});

describe("what flyctl says", () => {
  test("JSON is found behind its warnings", () => {
    expect(jsonIn('WARN a [b]\nCreating WireGuard peer "x"\n[\n  {"id": "1"}\n]\n')).toEqual([
      { id: "1" },
    ]);
    expect(jsonIn("No machines are available")).toBeUndefined();
  });

  test("the machine's id is read though the command failed later", () => {
    expect(launchedId("Image: x\n Machine ID: 9080e6f3c12345\n Instance ID: 01H\n")).toBe(
      "9080e6f3c12345",
    );
    expect(launchedId("Image: x\n")).toBeUndefined();
  });

  test("a machine whose host does not answer still has a name and a session", () => {
    const machine = machineOf({
      id: "m1",
      name: "app-1",
      state: "started",
      host_status: "unreachable",
      incomplete_config: { metadata: { "silo.session": "5e55" } },
      image_ref: {},
    });
    expect([machine.reachable, machine.metadata["silo.session"]]).toEqual([false, "5e55"]);
  });

  test("a machine's price is that of its processors and memory", () => {
    const guest = { cpu_kind: "shared", cpus: 4, memory_mb: 8192 };
    // 4 shared processors and 8 GB: $42.76 a month.
    expect(hourlyCost(machineOf({ config: { guest }, image_ref: {} }))).toBeCloseTo(0.0586, 3);
  });

  test.each([
    ["Error: no access token available. Please login with 'flyctl auth login'", "fly auth login"],
    ["Error: could not create ssh certificate: not authorized", "fly tokens create org"],
    ["Error: Could not find App agents", "fly apps create agents"],
    ["Error: could not launch machine: region zzz not found", "fly platform regions"],
    ["Error: could not launch machine: insufficient resources available", "FLY_REGION"],
    [
      "Error: could not launch machine: your organization is over the allowed machine quota",
      "limit",
    ],
    [
      "Error: could not launch machine: add a credit card to your organization billing",
      "fly dashboard",
    ],
    ["Error: unknown flag: --rootfs-persist", "brew upgrade flyctl"],
    ["Error: tunnel unavailable: failed probing", "fly doctor"],
  ])("%s", (text, mend) => {
    expect(flyError(text, "starting a machine", "agents").hint).toContain(mend);
  });

  test("a missing image and a taken name are told from all else", () => {
    expect(isImageMissing('Error: could not find image "registry.fly.io/a:b"')).toBe(true);
    expect(isImageMissing("Error: could not find app a")).toBe(false);
    expect(isNameTaken("machine name app-1 is already in use")).toBe(true);
    expect(isNameTaken("image already exists")).toBe(false);
  });
});

test.each([
  ["exit 42\n", { kind: "exit", code: 42 }],
  ["running\n", { kind: "running" }],
  ["lost\n", { kind: "lost" }],
  ["waiting\n", { kind: "waiting" }],
  ["Permission denied\n", undefined],
] as const)("the tool's state %p", (said, state) => {
  expect(stateOf(said)).toEqual(state as ReturnType<typeof stateOf>);
});

const end = { path: "/p", connected: true };
const session = (kind: string, more: Partial<SyncSession> = {}): SyncSession => ({
  identifier: "sync_1",
  labels: { "silo-kind": kind },
  status: "watching",
  paused: false,
  alpha: end,
  beta: end,
  ...more,
});
const CONFLICT = {
  conflicts: [
    {
      root: "a",
      alphaChanges: [{ path: "a", new: { kind: "file" } }],
      betaChanges: [{ path: "a", new: { kind: "file" } }],
    },
  ],
};

describe("whether all is home", () => {
  test("a conflict in the user's work holds the machine, one of a tool's own does not", () => {
    expect(judge([session("work", CONFLICT)]).conflicts).toHaveLength(1);
    const tool = judge([session("tool", CONFLICT)]);
    expect([tool.conflicts.length, tool.toolConflicts.length]).toEqual([0, 1]);
  });

  test("the host's side of a git directory is the second one", () => {
    const [held] = judge([
      session("git", { ...CONFLICT, beta: { ...end, path: "/host" } }),
    ]).conflicts;
    expect(held?.local).toBe("/host");
  });

  test.each([
    ["halted", session("work", { status: "halted-on-root-emptied" })],
    ["cut off", session("git", { beta: { ...end, connected: false } })],
    [
      "not written",
      session("work", {
        beta: { ...end, transitionProblems: [{ path: "a", error: "no space left on device" }] },
      }),
    ],
  ])("%s work is a problem", (_, one) => {
    expect(judge([one]).problems).toHaveLength(1);
  });

  test("a tool's own files and what is read-only never are", () => {
    const off = { beta: { ...end, connected: false } };
    expect(judge([session("ro", off), session("tool", off)]).problems).toEqual([]);
  });

  test("a file that moved while it was copied is worth another try", () => {
    const moved = { transitionProblems: [{ path: "a", error: "modification detected" }] };
    expect(judge([session("work", { alpha: { ...end, ...moved } })]).passing).toBe(true);
    expect(judge([session("work")]).passing).toBe(false);
  });
});

test("progress counts the files of every session", () => {
  const stagingProgress = {
    receivedFiles: 1200,
    expectedFiles: 3000,
    totalReceivedSize: 45_000_000,
  };
  expect(
    progressText([session("work", { beta: { ...end, stagingProgress } }), session("tool")]),
  ).toBe("1,200 of 3,000 files, 45 MB");
  expect(progressText([session("work")])).toBe("");
});

test("another laptop's home is this one's, and its ports are on this loopback alone", () => {
  const told = {
    session: "0123456789abcdef",
    tool: "codex",
    user: { name: "ada", uid: 1, gid: 1, home: "/home/ada" },
    workdir: "/home/ada/p",
    layout: {
      syncs: [
        {
          kind: "work" as const,
          of: "dir" as const,
          local: "/home/ada/p",
          remote: "/home/ada/p",
          shown: "/home/ada/p",
          ignore: [],
        },
      ],
      links: [],
    },
    ports: [
      { hostIp: "0.0.0.0", host: 3000, guest: 3000, protocol: "tcp" as const, optional: false },
    ],
    tty: true,
    persist: true,
  };
  const record = adopt(told, { app: "a", id: "m", name: "p-1" }, "/Users/ada");
  expect(record.layout.syncs[0]?.local).toBe("/Users/ada/p");
  expect(record.layout.syncs[0]?.remote).toBe("/home/ada/p");
  expect(record.ports[0]?.hostIp).toBe("127.0.0.1");
});
