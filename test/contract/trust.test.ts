import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SILO } from "../support/silo.ts";

const DOUBLES = join(import.meta.dir, "doubles");
const HINT = "hint: silo config trust";

let root = "";
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "silo-trust-")));
  for (const name of ["home", "app", "state"]) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (path: string) => join(root, path);
const read = (path: string) => readFileSync(at(path), "utf8");
const calls = () => (existsSync(at("state/calls.jsonl")) ? read("state/calls.jsonl") : "");
const RECORD = "home/.local/state/silo/trust.json";

function put(path: string, content: unknown): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), typeof content === "string" ? content : JSON.stringify(content));
}

const environment = (added: Record<string, string> = {}) => ({
  HOME: at("home"),
  PATH: `${DOUBLES}:/usr/bin:/bin`,
  DOUBLE_BUN: process.execPath,
  DOUBLE_STATE: at("state"),
  SILO_NO_VERSION_CHECK: "1",
  ...added,
});

function silo(line: string, env: Record<string, string> = {}, cwd = "app") {
  const { status, stdout, stderr } = spawnSync(SILO, line.split(" "), {
    cwd: at(cwd),
    encoding: "utf8",
    input: "",
    timeout: 20_000,
    env: environment(env),
  });
  return { status, stdout, stderr };
}

/** A program of the project that leaves a mark where it was started. */
function putEvil(): void {
  put("app/evil", `#!/bin/sh\ntouch ${at("started")}\n`);
  chmodSync(at("app/evil"), 0o755);
  put("app/silo.jsonc", { backends: { docker: { command: "./evil" } } });
}

describe("a project's file that nobody has approved", () => {
  test.each(["codex", "codex --dry-run", "ls", "rm x", "exec x true", "shell x"])(
    "starts no program of its own with `silo %s`",
    (line) => {
      putEvil();
      const { status, stdout, stderr } = silo(line);
      expect([status, stdout, existsSync(at("started"))]).toEqual([1, "", false]);
      // Names and lists are asked for before the files are read, of the user's own docker and with nobody's words.
      const early = calls()
        .split("\n")
        .filter((call) => call !== "");
      expect(early.filter((call) => !call.includes('["ps",'))).toEqual([]);
      expect(stderr).toContain('backends.docker.command: "./evil"');
      expect(stderr).toContain(HINT);
    },
  );

  test("is obeyed once it is approved, and not any more when a byte of it has changed", () => {
    putEvil();
    const { stderr } = silo("config trust");
    expect(stderr).toContain('backends.docker.command: "./evil"');
    silo("ls");
    expect(existsSync(at("started"))).toBe(true);
    put("app/silo.jsonc", `${read("app/silo.jsonc")} `);
    expect(silo("ls").status).toBe(1);
  });

  test("does not keep its user from the containers, where it does not touch the engine", () => {
    put("app/silo.jsonc", { mounts_rw: ["~/.ssh"], ports: ["1:1"] });
    expect(silo("ls").status).toBe(0);
    expect(silo("codex --dry-run").status).toBe(1);
  });

  test("may ask for nothing, and then nothing is kept of it", () => {
    put("app/silo.jsonc", { env: ["CI=1"], mounts_ro: ["./src"] });
    expect(silo("codex --dry-run").status).toBe(0);
    expect(existsSync(at("home/.local"))).toBe(false);
  });

  test("is told with all others at once", () => {
    put("app/silo.jsonc", { tool: "vibe" });
    put("app/sub/silo.jsonc", { ports: ["1:1"] });
    const { stderr } = silo("--dry-run", {}, "app/sub");
    expect(stderr).toContain("2 files ask for more");
    expect(stderr).toMatch(
      /app\/silo\.jsonc:\n +tool: "vibe"\n.*sub\/silo\.jsonc:\n +ports: "1:1"\n/,
    );
    silo("config trust", {}, "app/sub");
    expect(silo("--dry-run", {}, "app/sub").status).toBe(0);
  });

  test("may not name a link that leads out of it", () => {
    mkdirSync(at("home/.ssh"));
    symlinkSync(at("home/.ssh"), at("app/keys"));
    put("app/silo.jsonc", { mounts_ro: ["./keys"] });
    const { status, stderr } = silo("codex --dry-run");
    expect(status).toBe(1);
    expect(stderr).toContain('mounts_ro: "./keys"   // ~/.ssh');
  });

  test("is shown by config show, as what it is, and listed by config paths", () => {
    put("app/silo.jsonc", { tool: "vibe" });
    const { status, stdout } = silo("config show");
    expect([status, stdout]).toEqual([0, expect.stringContaining("silo.jsonc, not approved")]);
    expect(silo("config paths").stdout).toBe(`${at("app/silo.jsonc")}\n`);
  });

  test("cannot hold silo up as a pipe", () => {
    spawnSync("mkfifo", [at("app/silo.jsonc")]);
    const { status, stderr } = silo("codex --dry-run");
    expect([status, stderr]).toEqual([1, expect.stringContaining("it is no regular file")]);
  });
});

describe("who trusts", () => {
  const asking = { tool: "vibe" };

  test("SILO_TRUST=1, for one run and without a trace", () => {
    put("app/silo.jsonc", asking);
    expect(silo("--dry-run", { SILO_TRUST: "1" }).stdout).toContain("tool      vibe");
    expect(silo("--dry-run", { SILO_TRUST: "0" }).status).toBe(1);
    expect(existsSync(at(RECORD))).toBe(false);
  });

  test("trusted_paths of the global file, links and all", () => {
    symlinkSync(root, at("home/link"));
    put("home/.config/silo/silo.jsonc", { trusted_paths: ["~/link/app"] });
    put("app/sub/silo.jsonc", asking);
    put("apple/silo.jsonc", asking);
    expect(silo("--dry-run", {}, "app/sub").status).toBe(0);
    expect(silo("--dry-run", {}, "apple").status).toBe(1);
  });

  test("not trusted_paths of the project's own file, which say so", () => {
    put("app/silo.jsonc", { ...asking, trusted_paths: ["/", "."] });
    const { status, stderr } = silo("--dry-run");
    expect(status).toBe(1);
    expect(stderr).toContain("trusted_paths in");
    expect(stderr).toContain("has no effect");
  });

  test("not a record that the project brings along", () => {
    put("app/silo.jsonc", asking);
    silo("config trust");
    put("app/.state/silo/trust.json", read(RECORD));
    const { status, stderr } = silo("--dry-run", { XDG_STATE_HOME: at("app/.state") });
    expect([status, stderr]).toEqual([1, expect.stringContaining("lies in the working directory")]);
  });

  test("nobody, while the record is damaged; it is named and left alone", () => {
    put("app/silo.jsonc", asking);
    put(RECORD, '{"files": {');
    for (const line of ["--dry-run", "config trust", "config trust --list"]) {
      const { status, stderr } = silo(line);
      expect([status, stderr]).toEqual([1, expect.stringContaining("trust.json is damaged")]);
    }
    expect(read(RECORD)).toBe('{"files": {');
  });
});

describe("silo config trust", () => {
  const states = () =>
    (
      JSON.parse(silo("config trust --list --json").stdout) as { file: string; state: string }[]
    ).map(({ file, state }) => `${file.slice(root.length)} ${state}`);

  test("lists what is current, changed and missing, and takes back", () => {
    for (const name of ["a", "b", "c"]) put(`${name}/silo.jsonc`, { tool: "vibe" });
    for (const path of ["a", "b/silo.jsonc", "c"]) silo(`config trust ${at(path)}`);
    put("b/silo.jsonc", { tool: "codex" });
    rmSync(at("c"), { recursive: true });
    expect(states()).toEqual([
      "/a/silo.jsonc current",
      "/b/silo.jsonc changed",
      "/c/silo.jsonc missing",
    ]);
    silo(`config trust --revoke ${at("c")}`);
    silo("config trust --revoke", {}, "a");
    expect(states()).toEqual(["/b/silo.jsonc changed"]);
    expect(silo("--dry-run", {}, "a").status).toBe(1);
  });

  test("loses nothing when many approve at once, and the record is the user's alone", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `p${i}`);
    for (const name of names) put(`${name}/silo.jsonc`, { tool: "vibe" });
    const ends = names.map((name) => {
      const child = spawn(SILO, ["config", "trust"], {
        cwd: at(name),
        env: environment(),
        stdio: "ignore",
      });
      return new Promise((resolve) => child.on("close", resolve));
    });
    await Promise.all(ends);
    expect(states()).toEqual(names.map((name) => `/${name}/silo.jsonc current`));
    expect(statSync(at(RECORD)).mode & 0o777).toBe(0o600);
    expect(
      readdirSync(dirname(at(RECORD))).filter((name) => name.startsWith("trust.json")),
    ).toEqual(["trust.json"]);
  });

  test.each(["--list x", "--list --revoke", "--json"])("%s is wrong usage", (flags) =>
    expect(silo(`config trust ${flags}`).status).toBe(2),
  );
});

describe("repository patterns", () => {
  const remote = (address: string) => {
    spawnSync("git", ["init", "-q", at("app")]);
    put("app/.git/config", `[remote "origin"]\n\turl = ${address}\n`);
  };
  const run = () => silo("codex -- x");
  beforeEach(() => {
    put("home/.config/silo/silo.jsonc", {
      repos: {
        "github.com/acme": { mounts_ro: ["~"] },
        "github.com/secret": { env: ["KEY"] },
        "github.com/harmless": { env: ["CI=1"] },
      },
    });
  });

  test("apply the first time, and a further one only when it is approved", () => {
    remote("git@github.com:acme/app.git");
    expect(run().stderr).not.toContain("approved");
    remote("git@github.com:secret/app.git");
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toContain('repos "github.com/secret" newly applies here');
    expect(stderr).toContain('repos."github.com/secret".env: "KEY"   // your value');
    expect(silo("config trust").stderr).toContain("github.com/secret");
    expect(run().stderr).not.toContain("approved");
    silo("config trust --revoke");
    expect(run().status).toBe(1);
  });

  test("ask where a tool ran before any matched, and not for what gives nothing", () => {
    expect(run().stderr).not.toContain("approved");
    remote("https://github.com/harmless/app");
    expect(run().stderr).not.toContain("approved");
    remote("https://github.com/acme/app");
    expect(run().stderr).toContain(HINT);
  });

  test("a dry run remembers nothing", () => {
    remote("git@github.com:acme/app.git");
    expect(silo("codex --dry-run").status).toBe(0);
    expect(existsSync(at(RECORD))).toBe(false);
  });
});
