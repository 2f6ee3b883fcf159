import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { stateOf } from "../../src/backends/remote/attach.ts";
import { importRecord } from "../../src/backends/remote/foreign-record.ts";
import { jsonIn } from "../../src/backends/remote/json-output.ts";
import { setUpOf, setupScript } from "../../src/backends/remote/link/setup.ts";
import { sshConfig } from "../../src/backends/remote/link/ssh.ts";
import { COPIES, planLayout } from "../../src/backends/remote/sync/layout.ts";
import { createArgs } from "../../src/backends/remote/sync/mutagen.ts";
import {
  progressText,
  syncStatus,
  type SyncSession,
} from "../../src/backends/remote/sync/sessions.ts";
import type { Mount } from "../../src/core/types.ts";
import { toolByName } from "../../src/tools/index.ts";
import { planOf } from "../support/plan.ts";

const dir = (path: string, mode: "ro" | "rw" = "rw", from = "project"): Mount => ({
  source: path,
  target: path,
  mode,
  kind: "dir",
  from,
});
const layoutOf = (mounts: readonly Mount[], git: readonly string[] = [], ignore: string[] = []) =>
  planLayout({ mounts }, git, ignore);

describe("planLayout", () => {
  test("syncs a git directory on its own, and excludes it from the files around it", () => {
    const { syncs } = layoutOf([dir("/p")], ["/p/.git"], ["node_modules"]);
    expect(syncs.map(({ kind, local, ignore }) => [kind, local, ignore])).toEqual([
      ["work", "/p", ["node_modules", "/.git"]],
      ["git", "/p/.git", ["*.lock", "gc.pid", "index.stash.*", "fsmonitor--daemon*"]],
    ]);
  });

  test("excludes a nested path from the outer one, with special characters escaped", () => {
    const { syncs } = layoutOf([dir("/p"), dir("/p/a*b [1]/ro", "ro", "/silo.jsonc")]);
    expect(syncs[0]?.ignore).toEqual([String.raw`/a\*b \[1\]/ro`]);
  });

  test("does not sync a path twice if an outer path contains it", () => {
    expect(layoutOf([dir("/p"), dir("/p/in", "rw", "silo")]).syncs).toHaveLength(1);
  });

  test("puts read-only copies into directories that only root can write, one each", () => {
    const { syncs } = layoutOf([dir("/p"), dir("/a/x", "ro"), dir("/b/x", "ro")]);
    expect(syncs.map(({ kind, remote, shown }) => [kind, remote, shown])).toEqual([
      ["work", "/p", "/p"],
      ["ro", `${COPIES}/1/x`, "/a/x"],
      ["ro", `${COPIES}/2/x`, "/b/x"],
    ]);
  });

  test("links a second path to the one copy", () => {
    const link = { ...dir("/real", "ro"), target: "/link" };
    expect(layoutOf([dir("/real", "ro"), link]).links).toEqual([{ path: "/link", to: "/real" }]);
  });
});

describe("createArgs", () => {
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
  ] as const)("of %s", (kind, [mode, alpha, beta, fileMode]) => {
    const args = argsOf(kind);
    expect(args[args.indexOf("--mode") + 1]).toBe(mode);
    expect(args.slice(-2)).toEqual([alpha, beta]);
    expect(args[args.indexOf("--default-file-mode") + 1]).toBe(fileMode);
  });
});

describe("the set-up script", () => {
  const secret = "s3cret '$(touch /x)' \\ \"q\"\nline";
  const plan = planOf(toolByName("codex"), { config: { env: [`ODD=${secret}`] } });
  const layout = planLayout(plan, [], []);
  const script = setupScript(plan, { layout, name: "app-1" }, "ssh-ed25519 AAAA silo", "{}");

  test("is valid bash, whatever a value contains", () => {
    expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr).toBe("");
  });

  test("writes values unchanged, separated by NUL", () => {
    const line = script.split("\n").findIndex((text) => text.startsWith("printf '%s\\0' LANG"));
    const rest = script.split("\n").slice(line).join("\n");
    const command = rest.slice(0, rest.indexOf(" >/dev/shm"));
    const { stdout } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
    expect(stdout.split("\0")).toContain(`ODD=${secret}`);
  });

  test("writes variables to memory only, readable by their user only", () => {
    const lines = script.split("\n");
    const from = lines.findIndex((line) => line.startsWith("umask 077; rm -rf /dev/shm/silo"));
    const to = lines.findIndex((line) =>
      /^chown -R 1000:1000 \/dev\/shm\/silo .*; umask 022$/.test(line),
    );
    expect([from > 0, to > from]).toEqual([true, true]);
    const between = lines.slice(from, to).join("\n");
    expect(between).toContain("s3cret");
    expect(between.slice("umask 077".length)).not.toContain("umask");
    expect([...lines.slice(0, from), ...lines.slice(to)].join("\n")).not.toContain("s3cret");
  });

  test("prints the host key between marks, whatever the provider prints around them", () => {
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

test("ssh_config pins the host key and ignores the user's settings", () => {
  const files = {
    id: "m1",
    folder: "/s/50% off",
    key: "/s/50% off/id",
    knownHosts: "/s/50% off/known_hosts",
    config: "/s/c",
    log: "/s/log",
  };
  const text = sshConfig(files, "ada", { bin: "/opt/si lo", args: ["__proxy", "50%"] }, "/s/c");
  expect(text).toContain('IdentityFile "/s/50%% off/id"');
  expect(text).toContain("ProxyCommand '/opt/si lo' __proxy 50%%");
  expect(text.match(/StrictHostKeyChecking yes/g)).toHaveLength(2);
  expect(text).toMatch(/Host silo-m1-sync\n {2}HostName silo-m1-sync\n.*\n {2}User ada/);
});

test.each([
  ["exit 42\n", { kind: "exit", code: 42 }],
  ["running\n", { kind: "running" }],
  ["lost\n", { kind: "lost" }],
  ["waiting\n", { kind: "waiting" }],
  ["Permission denied\n", undefined],
] as const)("stateOf(%p)", (said, state) => {
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

describe("syncStatus", () => {
  test("a conflict in the user's files keeps the machine, one in a tool's own does not", () => {
    expect(syncStatus([session("work", CONFLICT)]).conflicts).toHaveLength(1);
    const tool = syncStatus([session("tool", CONFLICT)]);
    expect([tool.conflicts.length, tool.toolConflicts.length]).toEqual([0, 1]);
  });

  test("the host's side of a git directory is the second", () => {
    const [held] = syncStatus([
      session("git", { ...CONFLICT, beta: { ...end, path: "/host" } }),
    ]).conflicts;
    expect(held?.local).toBe("/host");
  });

  test.each([
    ["halted", session("work", { status: "halted-on-root-emptied" })],
    ["disconnected", session("git", { beta: { ...end, connected: false } })],
    [
      "not written",
      session("work", {
        beta: { ...end, transitionProblems: [{ path: "a", error: "no space left on device" }] },
      }),
    ],
  ])("%s: a problem", (_, one) => {
    expect(syncStatus([one]).problems).toHaveLength(1);
  });

  test("a tool's own files and read-only paths are never a problem", () => {
    const off = { beta: { ...end, connected: false } };
    expect(syncStatus([session("ro", off), session("tool", off)]).problems).toEqual([]);
  });

  test("a file that changed while it was copied is transient", () => {
    const moved = { transitionProblems: [{ path: "a", error: "modification detected" }] };
    expect(syncStatus([session("work", { alpha: { ...end, ...moved } })]).transient).toBe(true);
    expect(syncStatus([session("work")]).transient).toBe(false);
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

test("importRecord rewrites home paths and forces ports to 127.0.0.1", () => {
  const found = {
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
  const record = importRecord(found, { scope: "a", id: "m", name: "p-1" }, "/Users/ada");
  expect(record.layout.syncs[0]?.local).toBe("/Users/ada/p");
  expect(record.layout.syncs[0]?.remote).toBe("/home/ada/p");
  expect(record.ports[0]?.hostIp).toBe("127.0.0.1");
});

test("jsonIn skips warnings before the JSON", () => {
  expect(jsonIn('WARN a [b]\nCreating WireGuard peer "x"\n[\n  {"id": "1"}\n]\n')).toEqual([
    { id: "1" },
  ]);
  expect(jsonIn("No machines are available")).toBeUndefined();
});
