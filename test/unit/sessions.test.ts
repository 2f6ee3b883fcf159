import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryLock } from "../../src/sys/state/locks.ts";
import {
  deadSessions,
  forgetEnded,
  forgetSession,
  keptSessions,
  openSession,
  sessionDirectory,
  sessionRecord,
  takeSession,
} from "../../src/sys/state/sessions.ts";
import { SOAK } from "../support/soak.ts";

let state = "";
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "silo-state-"));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const source = (name: string) => JSON.stringify(join(import.meta.dir, "../../src/sys", name));

/** Runs a few lines in a new process and waits until it exits or is killed. */
function inProcess(lines: string): string {
  return spawnSync(process.execPath, ["-e", lines], { encoding: "utf8" }).stdout.trim();
}

const killed = (work: string) => `${work}; process.kill(process.pid, "SIGKILL");`;

test("a record has the session's details, and keeps them when it is updated or taken over", async () => {
  const details = { tool: "codex", image: "silo-codex:1", directory: "/home/ada/app", user: "ada" };
  const own = await openSession(state, "docker", details);
  expect(sessionRecord(state, own.id)).toMatchObject({ ...details, backend: "docker" });
  own.update("app-1", true);
  await takeSession(state, "docker", own.id);
  expect(sessionRecord(state, own.id)).toMatchObject({ ...details, name: "app-1", kept: true });
  expect(keptSessions(state, "docker")).toHaveLength(1);
  expect(sessionRecord(state, "../../trust")).toBeUndefined();
});

test("a file of another shape is ignored", async () => {
  const own = await openSession(state, "docker", { tool: "codex" });
  const path = join(sessionDirectory(state), `${own.id}.json`);
  const record = JSON.parse(readFileSync(path, "utf8")) as object;
  for (const wrong of [{ tool: 1 }, { kept: "yes" }, { pid: "1" }, { id: "x" }]) {
    writeFileSync(path, JSON.stringify({ ...record, ...wrong }));
    expect(sessionRecord(state, own.id)).toBeUndefined();
  }
});

test("a session of a killed process is dead, one of a running process is not", async () => {
  inProcess(
    killed(
      `const s = await import(${source("state/sessions.ts")}); await s.openSession(${JSON.stringify(state)}, "docker")`,
    ),
  );
  const own = await openSession(state, "docker");
  const dead = await deadSessions(state, "docker");
  expect(dead).toHaveLength(1);
  expect(dead[0]?.id).not.toBe(own.id);
  expect(await deadSessions(state, "fly")).toEqual([]);
  forgetSession(state, dead[0]?.id ?? "");
  expect(await deadSessions(state, "docker")).toEqual([]);
  own.close();
  expect(readdirSync(sessionDirectory(state))).toEqual([]);
});

test("a kept session is forgotten when its silo and its container have ended, and no sooner", async () => {
  const keep = `const s = await import(${source("state/sessions.ts")});
    const own = await s.openSession(${JSON.stringify(state)}, "docker"); own.update("app-1", true);
    console.log(own.id);`;
  const [running, ended] = [inProcess(keep), inProcess(keep)];
  const own = await openSession(state, "docker");
  own.update("app-3", true);
  expect(await deadSessions(state, "docker")).toEqual([]);
  const kept = keptSessions(state, "docker");
  expect(keptSessions(state, "bwrap")).toEqual([]);
  const later = inProcess(keep);
  await forgetEnded(state, kept, [running]);
  const left = keptSessions(state, "docker").map(({ id }) => id);
  expect(left.toSorted()).toEqual([running, own.id, later].toSorted());
  expect(left).not.toContain(ended);
});

test("a process id that another process has reused counts as dead", async () => {
  await openSession(state, "docker");
  const other = spawn("sleep", ["30"]);
  try {
    const record = { id: "0123456789abcdef", pid: other.pid, started: "before", backend: "docker" };
    writeFileSync(`${sessionDirectory(state)}/${record.id}.json`, JSON.stringify(record));
    const dead = await deadSessions(state, "docker");
    expect(dead.map(({ id }) => id)).toEqual([record.id]);
  } finally {
    other.kill();
  }
});

test("files that are not records are ignored", async () => {
  await openSession(state, "docker");
  writeFileSync(`${sessionDirectory(state)}/ffffffffffffffff.json`, '{"id":');
  writeFileSync(`${sessionDirectory(state)}/eeeeeeeeeeeeeeee.json`, "[]");
  expect(await deadSessions(state, "docker")).toEqual([]);
});

test("a lock is held by one at a time and free again after its release", async () => {
  const first = await tryLock(state, "a");
  expect("release" in first).toBe(true);
  expect(await tryLock(state, "a")).toEqual({ pid: process.pid });
  expect("release" in (await tryLock(state, "b"))).toBe(true);
  if ("release" in first) await first.release();
  expect("release" in (await tryLock(state, "a"))).toBe(true);
});

test("the lock of a killed process is taken over", async () => {
  inProcess(
    killed(
      `const l = await import(${source("locks.ts")}); await l.tryLock(${JSON.stringify(state)}, "a")`,
    ),
  );
  expect("release" in (await tryLock(state, "a"))).toBe(true);
});

test("of many processes that try to take a stale lock at once, exactly one gets it", async () => {
  for (let round = 0; round < Math.min(100, 5 * SOAK); round += 1) {
    const name = `lock ${round}`;
    const lock = await tryLock(state, name);
    expect("release" in lock).toBe(true);
    const folder = join(state, "silo/locks");
    const file = readdirSync(folder)[0] ?? "";
    writeFileSync(join(folder, file), JSON.stringify({ pid: 999_999, started: "before" }));
    const results = await Promise.all(Array.from({ length: 20 }, () => tryLock(state, name)));
    const got = results.filter((result) => "release" in result);
    expect(got).toHaveLength(1);
    await got[0]?.release();
  }
});
