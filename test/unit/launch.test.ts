import { afterAll, afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, RunOutcome } from "../../src/backends/backend.ts";
import type { Port, RunPlan } from "../../src/core/types.ts";
import { SiloError } from "../../src/errors.ts";
import { openCompanions } from "../../src/run/companions.ts";
import { execute } from "../../src/run/execute.ts";
import { launch } from "../../src/run/launch.ts";
import type { Companion } from "../../src/core/companion.ts";
import type { RunContext } from "../../src/run/types.ts";
import { openSession, sessionDirectory } from "../../src/sys/state/sessions.ts";
import { toolByName } from "../../src/tools/index.ts";
import { log } from "../../src/ui/log.ts";
import { HOST, planOf } from "../support/plan.ts";

// The loop between a plan and the exit status, against a backend that only records its calls.

let state: string;
let events: string[];
let warnings: string[];
const warn = spyOn(log, "warn");
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "silo-launch-"));
  [events, warnings] = [[], []];
  warn.mockImplementation((...texts) => Promise.resolve(void warnings.push(...texts)));
});
afterAll(() => warn.mockRestore());
afterEach(() => rmSync(state, { recursive: true, force: true }));

/** A backend whose runs end as listed, one after the other. */
function fake(outcomes: readonly RunOutcome[], others: Partial<Backend> = {}): Backend {
  const left = [...outcomes];
  return {
    name: "docker",
    abilities: { files: "direct" },
    warnings: [],
    takenNames: () => {
      events.push("takenNames");
      return Promise.resolve(["app-1", "app-2"]);
    },
    preview: () => Promise.reject(new Error("not previewed")),
    run: (plan, { name }) => {
      events.push(`run ${name} ${plan.ports.map(({ host }) => host).join(",")}`.trim());
      return Promise.resolve(left.shift() ?? { kind: "exit", code: 0 });
    },
    build: (_, { fresh }) => {
      events.push(`build${fresh ? " fresh" : ""}`);
      return Promise.resolve();
    },
    survivesHangup: () => false,
    exec: () => Promise.resolve(0),
    list: () => Promise.resolve([]),
    remove: () => Promise.resolve([]),
    images: () => Promise.resolve([]),
    removeImages: () => Promise.resolve([]),
    reap: () => Promise.resolve([]),
    ...others,
  };
}

function contextOf(
  backend: Backend,
  plan: Partial<RunPlan> = {},
  others: Partial<RunContext> = {},
): RunContext {
  return {
    backend,
    detected: false,
    plan: { ...planOf(toolByName("codex")), creations: [], mounts: [], ...plan },
    options: {
      backend: undefined,
      "force-build": false,
      verbose: false,
      "dry-run": false,
      json: false,
      name: undefined,
      keep: false,
      yes: false,
    },
    host: HOST,
    state,
    cache: state,
    ...others,
  };
}

async function run(context: RunContext): Promise<number> {
  const session = await openSession(state, "docker");
  return await launch(context, session).finally(session.close);
}

/** The message that a promise is rejected with. */
const failure = async (promise: Promise<unknown>) =>
  await promise.then(
    () => "no failure",
    (error: unknown) => (error instanceof SiloError ? error.message : String(error)),
  );

const exit = (code: number, ...told: readonly string[]): RunOutcome => ({
  kind: "exit",
  code,
  warnings: told,
});
const noImage: RunOutcome = { kind: "no-image" };
const nameTaken: RunOutcome = { kind: "name-taken" };
const port = (host: number, optional: boolean): Port => ({
  hostIp: "127.0.0.1",
  host,
  guest: 80,
  protocol: "tcp",
  optional,
});

describe("launch", () => {
  test("returns the exit status of the tool, and prints its warnings", async () => {
    expect(await run(contextOf(fake([exit(7, "lost")])))).toBe(7);
    expect([events, warnings]).toEqual([["run app-1"], ["lost"]]);
  });

  test("takes the next number after a name conflict, and asks for all names once", async () => {
    expect(await run(contextOf(fake([nameTaken, exit(0)])))).toBe(0);
    expect(events).toEqual(["run app-1", "takenNames", "run app-3"]);
  });

  test("fails after a conflict with --name", async () => {
    expect(await failure(run(contextOf(fake([nameTaken]), { name: "mine" })))).toContain(
      'the container name "mine" is already in use',
    );
    expect(events).toEqual(["run mine"]);
  });

  test("gives up after more conflicts than processes can start at once", async () => {
    expect(
      await failure(run(contextOf(fake(Array.from({ length: 60 }, () => nameTaken))))),
    ).toContain("is already in use");
    expect(events.filter((event) => event.startsWith("run")).length).toBe(51);
  });

  test("builds a missing image once; one that is still missing then is an error", async () => {
    expect(await run(contextOf(fake([noImage, exit(0)])))).toBe(0);
    expect(events.splice(0)).toEqual(["run app-1", "build", "run app-1"]);
    expect(await failure(run(contextOf(fake([noImage, noImage]))))).toContain(
      "was built, but the backend cannot find it",
    );
    expect(events).toEqual(["run app-1", "build", "run app-1"]);
  });

  test("builds before the run if the backend knows that the image is missing, or with --force-build", async () => {
    await run(contextOf(fake([], { hasImage: () => Promise.resolve(false) })));
    expect(events.splice(0)).toEqual(["build", "run app-1"]);
    const context = contextOf(fake([]));
    await run({ ...context, options: { ...context.options, "force-build": true } });
    expect(events).toEqual(["build fresh", "run app-1"]);
  });

  test("drops an optional port that is in use, with a warning", async () => {
    const ports = [port(3484, true), port(8080, false)];
    const taken: RunOutcome = { kind: "port-taken", port: 3484 };
    expect(await run(contextOf(fake([taken, exit(0)]), { ports }))).toBe(0);
    expect(events).toEqual(["run app-1 3484,8080", "run app-1 8080"]);
    expect(warnings).toEqual(["port 3484 is in use, so this run of codex does not publish it"]);
  });

  test("fails if a configured port is in use", async () => {
    const taken: RunOutcome = { kind: "port-taken", port: 8080 };
    expect(await failure(run(contextOf(fake([taken]), { ports: [port(8080, false)] })))).toContain(
      "port 8080 on this machine is already in use",
    );
    expect(events).toEqual(["run app-1 8080"]);
  });

  test("a detached tool keeps its session; silo exits with 129", async () => {
    expect(
      await execute(contextOf(fake([{ kind: "detached" }], { survivesHangup: () => true }))),
    ).toBe(129);
    const [file = ""] = readdirSync(sessionDirectory(state));
    const record: unknown = JSON.parse(readFileSync(join(sessionDirectory(state), file), "utf8"));
    expect(record).toMatchObject({ name: "app-1", kept: true });
  });

  test("an ended tool leaves no session, whether it exits or the backend fails", async () => {
    expect(await execute(contextOf(fake([exit(3)])))).toBe(3);
    expect(readdirSync(sessionDirectory(state))).toEqual([]);
    const broken = fake([], { run: () => Promise.reject(new SiloError("broken")) });
    expect(await failure(execute(contextOf(broken)))).toBe("broken");
    expect(readdirSync(sessionDirectory(state))).toEqual([]);
  });
});

describe("companions", () => {
  const companion = (
    name: string,
    closes: () => Promise<readonly string[]> = () => Promise.resolve([]),
  ): Companion => ({
    name,
    open: () => {
      events.push(`open ${name}`);
      return Promise.resolve(async () => {
        events.push(`close ${name}`);
        return await closes();
      });
    },
  });

  test("open in order before the run and close in reverse order after it", async () => {
    const companions = [companion("a"), companion("b")];
    expect(await execute(contextOf(fake([exit(5)], { companions: () => companions })))).toBe(5);
    expect(events).toEqual(["open a", "open b", "run app-1", "close b", "close a"]);
  });

  test("one that fails to open ends the run, and those before it are closed", async () => {
    const broken: Companion = { name: "b", open: () => Promise.reject(new SiloError("no b")) };
    const context = contextOf(fake([], { companions: () => [companion("a"), broken] }));
    expect(await failure(execute(context))).toBe("no b");
    expect(events).toEqual(["open a", "close a"]);
  });

  test("one that fails to close is a warning: the others are closed, the exit status stays", async () => {
    const failing = companion("b", () => Promise.reject(new Error("stuck")));
    const context = contextOf(fake([exit(5)], { companions: () => [companion("a"), failing] }));
    expect(await execute(context)).toBe(5);
    expect(events.slice(-2)).toEqual(["close b", "close a"]);
    expect(warnings).toEqual(["b: stuck"]);
  });

  test("what it returns when it closes is a warning after the tool has ended", async () => {
    const telling = companion("a", () => Promise.resolve(["a file changed on both sides"]));
    expect(await execute(contextOf(fake([exit(5)], { companions: () => [telling] })))).toBe(5);
    expect(warnings).toEqual(["a file changed on both sides"]);
  });

  test("two runs cannot hold the same exclusive directory at once; a released lock is free again", async () => {
    const context = contextOf(fake([]), { exclusive: "/home/ada/.paperclip" });
    {
      await using first = new AsyncDisposableStack();
      await openCompanions(first, context, "0".repeat(16));
      expect(await failure(execute(context))).toContain(
        `codex is already running (process ${process.pid})`,
      );
      expect(events).toEqual([]);
    }
    expect(await execute(context)).toBe(0);
  });

  test("orphans are reaped during the run, and silo waits for that before it exits", async () => {
    const reaped = Promise.withResolvers<readonly string[]>();
    const dead = { id: "f".repeat(16), pid: 1, started: "never", backend: "docker" };
    mkdirSync(sessionDirectory(state), { recursive: true });
    writeFileSync(join(sessionDirectory(state), `${dead.id}.json`), JSON.stringify(dead));
    const reap = (ids: readonly string[]) => {
      events.push(`reap ${ids.join(" ")}`);
      return reaped.promise;
    };
    const running = execute(contextOf(fake([exit(4)], { reap })));
    while (events.length < 2) await Bun.sleep(1);
    expect(events.toSorted()).toEqual([`reap ${dead.id}`, "run app-1"]);
    reaped.resolve(["removed one"]);
    expect(await running).toBe(4);
    expect(warnings).toEqual(["removed one"]);
    expect(readdirSync(sessionDirectory(state))).toEqual([]);
  });
});
