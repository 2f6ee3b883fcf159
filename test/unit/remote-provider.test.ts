import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remoteBackend } from "../../src/backends/remote/backend.ts";
import { setUp } from "../../src/backends/remote/link/link.ts";
import type { Machine, Provider, Remote } from "../../src/backends/remote/provider.ts";
import { saveEnding, saveRecord, type MachineRecord } from "../../src/backends/remote/record.ts";
import { toolLost } from "../../src/backends/remote/run.ts";
import type { SyncConflict } from "../../src/backends/remote/sync/sessions.ts";
import { saveBeside } from "../../src/backends/remote/sync/sync-back.ts";
import { SiloError } from "../../src/errors.ts";

const root = mkdtempSync(join(tmpdir(), "silo-remote-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const never = new AbortController().signal;
const path = process.env["PATH"];

let remote: Remote;
let machines: Machine[];
let record: string;
let destroyed: string[];

const machine = (more: Partial<Machine> = {}): Machine => ({
  id: "m1",
  name: "app-1",
  state: "Running on host-1",
  phase: "running",
  created: undefined,
  image: "silo-codex:1",
  labels: { tool: "codex", project: "app", session: "5e55" },
  reachable: true,
  outOfMemory: false,
  memoryMb: 2048,
  details: ["on host-1"],
  ...more,
});

/** A provider that is not Fly.io and keeps its machines in a list. */
const PROVIDER: Provider = {
  name: "fly",
  scope: "host-1",
  location: "host-1",
  settings: "backends.ssh",
  unreachableHint: "ssh host-1",
  launch: () => Promise.resolve({ kind: "no-image" }),
  machines: () => Promise.resolve(machines),
  start: () => Promise.resolve(),
  destroy: (id) => {
    destroyed.push(id);
    return Promise.resolve(undefined);
  },
  runAsRoot: (_id, command) =>
    Promise.resolve(
      command.startsWith("/bin/cat")
        ? { stdout: `warning\n${record}`, stderr: "", outcome: "done", status: 0 }
        : { stdout: "", stderr: "tar: no space left on device", outcome: "failed", status: 1 },
    ),
  sshProxy: (id) => ({ bin: "ssh", args: ["host-1", "docker", "exec", "-i", id] }),
  explain: (text, what) => new SiloError(`${what}: ${text}`),
};

/** Puts a program of this content first in PATH. */
function program(name: string, script: string): void {
  const bin = join(root, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env["PATH"] = `${bin}:${path}`;
}

beforeEach(() => {
  const home = mkdtempSync(join(root, "home-"));
  const state = join(home, "state");
  const local = { state, folder: join(state, "silo/ssh"), uid: process.getuid?.() ?? 0 };
  remote = { ...local, home, ignore: [], persist: true, provider: PROVIDER };
  machines = [machine()];
  record = "{}";
  destroyed = [];
});
afterEach(() => {
  process.env["PATH"] = path;
});

const RECORD: MachineRecord = {
  scope: "host-1",
  id: "m1",
  name: "app-1",
  session: "0123456789abcdef",
  tool: "codex",
  user: { name: "ada", uid: 1, gid: 1, home: "/home/ada" },
  workdir: "/home/ada/p",
  layout: { syncs: [], links: [] },
  ports: [],
  tty: true,
  persist: true,
};

const errorOf = async (work: Promise<unknown>) =>
  await work.then(
    () => undefined,
    (error: unknown) => (error instanceof SiloError ? error : undefined),
  );

describe("a list", () => {
  test("has the provider's state as status, and further facts apart", async () => {
    machines = [machine({ reachable: false, outOfMemory: true })];
    const [found] = await remoteBackend(() => remote).list();
    expect(found).toMatchObject({ status: "Running on host-1", running: true, session: "5e55" });
    expect(found?.details).toEqual(["its host does not respond", "ran out of memory", "on host-1"]);
  });

  test("leaves out machines that silo did not start, or that are being destroyed", async () => {
    machines = [machine({ labels: undefined }), machine({ phase: "destroying" })];
    expect(await remoteBackend(() => remote).list()).toEqual([]);
  });

  test("counts a machine that is kept for its conflicts as not running", async () => {
    await saveRecord(remote, RECORD);
    await saveEnding(remote, "m1", { code: 0, held: "1 conflict" });
    const [found] = await remoteBackend(() => remote).list();
    expect([found?.running, found?.details]).toEqual([false, ["1 conflict", "on host-1"]]);
  });
});

test("a rollback destroys the machines of its session only", async () => {
  machines = [machine(), machine({ id: "m2", labels: undefined })];
  program("mutagen", "exit 1");
  await remoteBackend(() => remote).reap(["5e55"]);
  expect(destroyed).toEqual(["m1"]);
});

describe("errors name the provider's own settings and commands", () => {
  test("a full disk", async () => {
    const error = await errorOf(setUp(remote, RECORD, "", never));
    expect(error?.hint).toBe("exclude large paths with backends.ssh.ignore in silo.jsonc");
  });

  test("too little memory", async () => {
    machines = [machine({ phase: "stopped", outOfMemory: true })];
    const { message, hint } = await toolLost(remote, RECORD);
    expect(message).toContain("ran out of memory (2048 MB)");
    expect(hint).toContain("backends.ssh.memory");
  });
});

describe("a machine of another laptop", () => {
  test.each([".ssh", ".gnupg", ".config/silo", ""])(
    "cannot have ~/%s synced, and the user is not even asked",
    async (name) => {
      for (const bin of ["mutagen", "ssh"]) program(bin, "exit 1");
      const local = join(remote.home, name);
      const sync = { kind: "work", of: "dir", local, remote: "/x", shown: "/x", ignore: [] };
      record = JSON.stringify({ ...RECORD, layout: { syncs: [sync], links: [] } });
      const backend = remoteBackend(() => remote);
      const [found] = await backend.list();
      if (found === undefined) throw new Error("not listed");
      let asked = false;
      const progress = {
        stage: () => {},
        keep: () => {},
        confirm: () => {
          asked = true;
          return Promise.resolve(true);
        },
      };
      const error = await errorOf(backend.reconnect(found, progress));
      expect(error?.message).toContain("silo never syncs");
      expect(asked).toBe(false);
    },
  );
});

describe("a conflict's copy", () => {
  const conflict = (folder: string): SyncConflict => ({
    session: {
      identifier: "s",
      status: "watching",
      paused: false,
      alpha: { path: folder, connected: true },
      beta: { path: "/there", connected: true },
    },
    local: folder,
    remote: "/there",
    here: [{ path: "a", new: { kind: "file" } }],
    there: [{ path: "a", new: { kind: "file" } }],
  });

  test("is the machine's bytes, in a private file", async () => {
    program("ssh", "head -c 3000000 /dev/zero | tr '\\0' '\\377'; printf end");
    const { saved } = await saveBeside(remote, "m1", [conflict(remote.home)]);
    const copy = join(remote.home, "a.silo-remote");
    expect(saved).toEqual([copy]);
    const bytes = readFileSync(copy);
    expect([bytes.length, bytes[0], bytes.subarray(-3).toString()]).toEqual([
      3_000_003,
      255,
      "end",
    ]);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
  });

  test("does not exist if the connection breaks, and never replaces a file", async () => {
    program("ssh", "echo half; exit 255");
    writeFileSync(join(remote.home, "a.silo-remote"), "mine");
    const { saved, failed } = await saveBeside(remote, "m1", [conflict(remote.home)]);
    expect([saved, failed]).toEqual([[], ["/there/a"]]);
    expect(readFileSync(join(remote.home, "a.silo-remote"), "utf8")).toBe("mine");
    expect(existsSync(join(remote.home, "a.silo-remote-1"))).toBe(false);
    expect(readdirSync(remote.home)).toEqual(["a.silo-remote"]);
  });
});
