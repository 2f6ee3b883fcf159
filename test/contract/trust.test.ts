import { describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname } from "node:path";
import {
  approvals,
  at,
  environment,
  GLOBAL,
  HINT,
  put,
  read,
  RECORD,
  silo,
} from "../support/approvals.ts";
import { SILO } from "../support/settings.ts";

approvals();

const calls = () => (existsSync(at("state/calls.jsonl")) ? read("state/calls.jsonl") : "");

/** A program of the project that creates a file when it is started. */
function putEvil(): void {
  put("app/evil", `#!/bin/sh\ntouch ${at("started")}\n`);
  chmodSync(at("app/evil"), 0o755);
  put("app/silo.jsonc", { backends: { docker: { command: at("app/evil") } } });
}

describe("a project's silo.jsonc without approval", () => {
  test.each([
    "codex",
    "codex --dry-run",
    "ls",
    "rm x",
    "exec x true",
    "shell x",
    "prune --dry-run",
  ])("does not make `silo %s` start its program", (line) => {
    putEvil();
    const { status, stderr } = silo(line);
    expect(existsSync(at("started"))).toBe(false);
    const isRun = line.startsWith("codex");
    if (isRun) {
      // The list is prefetched from the user's own docker, before the files are read.
      const early = calls()
        .split("\n")
        .filter((call) => call !== "");
      expect(early.filter((call) => !call.includes('["ps",'))).toEqual([]);
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining(`backends.docker.command: "${at("app/evil")}"`),
      ]);
    }
    const warning =
      "silo.jsonc is not approved, so it is ignored; to approve it: silo config trust";
    expect(stderr).toContain(isRun ? HINT : warning);
    expect(stderr.split("so it is ignored").length).toBe(isRun ? 1 : 2);
  });

  test("applies after approval, and no longer after any change", () => {
    putEvil();
    const { stderr } = silo("config trust");
    expect(stderr).toContain(`backends.docker.command: "${at("app/evil")}"`);
    silo("ls");
    expect(existsSync(at("started"))).toBe(true);
    rmSync(at("started"));
    put("app/silo.jsonc", `${read("app/silo.jsonc")} `);
    expect(silo("ls").stderr).toContain("is not approved");
    expect(existsSync(at("started"))).toBe(false);
    expect(silo("codex --dry-run").stderr).toContain("has changed since it was approved");
  });

  test("loses its approval if another content is approved", () => {
    const [older, newer] = [{ tool: "vibe" }, { tool: "codex" }];
    for (const content of [older, newer]) {
      put("app/silo.jsonc", content);
      silo("config trust");
      expect(silo("--dry-run").status).toBe(0);
    }
    put("app/silo.jsonc", older);
    expect(silo("--dry-run").stderr).toContain("has changed since it was approved");
  });

  test("does not prevent silo ls, if it has no backend settings", () => {
    put("app/silo.jsonc", { mounts_rw: ["~/.ssh"], ports: ["1:1"] });
    expect(silo("ls").status).toBe(0);
    expect(silo("codex --dry-run").status).toBe(1);
  });

  test("needs no approval if it requests nothing, and none is recorded", () => {
    put("app/silo.jsonc", { env: ["CI=1"], mounts_ro: ["./src"] });
    expect(silo("codex --dry-run").status).toBe(0);
    expect(existsSync(at("home/.local"))).toBe(false);
  });

  test("needs an approval for a variable that affects a tool", () => {
    put("app/silo.jsonc", { env: ["ANTHROPIC_BASE_URL=http://evil"] });
    const { status, stderr } = silo("claude --dry-run");
    expect([status, stderr]).toEqual([1, expect.stringContaining('env: "ANTHROPIC_BASE_URL=…"')]);
    expect(stderr).not.toContain("http://evil");
  });

  test("is reported together with all others", () => {
    put("app/silo.jsonc", { tool: "vibe" });
    put("app/sub/silo.jsonc", { ports: ["1:1"] });
    const { stderr } = silo("--dry-run", {}, "app/sub");
    expect(stderr).toContain("2 files request settings beyond the defaults and are not trusted");
    expect(stderr).toMatch(
      /app\/silo\.jsonc:\n +tool: "vibe"\n.*sub\/silo\.jsonc:\n +ports: "1:1"\n/,
    );
    silo("config trust", {}, "app/sub");
    expect(silo("--dry-run", {}, "app/sub").status).toBe(0);
  });

  test("needs an approval for a link that leads out of the project", () => {
    mkdirSync(at("home/.ssh"));
    symlinkSync(at("home/.ssh"), at("app/keys"));
    put("app/silo.jsonc", { mounts_ro: ["./keys"] });
    const { status, stderr } = silo("codex --dry-run");
    expect(status).toBe(1);
    expect(stderr).toContain('mounts_ro: "./keys"   // ~/.ssh');
  });

  test("is marked by config show, and listed by config paths", () => {
    put("app/silo.jsonc", { tool: "vibe" });
    const { status, stdout } = silo("config show");
    expect([status, stdout]).toEqual([0, expect.stringContaining("silo.jsonc, not approved")]);
    expect(silo("config paths").stdout).toBe(`${at("app/silo.jsonc")}\n`);
  });

  test("is approved with the real path of each mount: another path needs another approval, and both are shown", () => {
    for (const name of ["lib/data", "lib/other"]) mkdirSync(at(name), { recursive: true });
    put("app/silo.jsonc", { mounts_rw: ["../lib/data"] });
    silo("config trust");
    expect(silo("codex --dry-run").status).toBe(0);
    rmSync(at("lib/data"), { recursive: true });
    symlinkSync("..", at("lib/data"));
    const { status, stderr } = silo("codex --dry-run");
    expect(status).toBe(1);
    expect(stderr).toContain("mounts a path that leads elsewhere than when it was approved");
    const both = `// ${at("")}, but ${at("lib/data")} when it was approved`;
    expect(stderr).toContain(`mounts_rw: "../lib/data"   ${both}`);
    silo("config trust");
    expect(silo("codex --dry-run").status).toBe(0);
  });

  test("with an approval from before real paths were recorded needs another one only for its mounts", () => {
    put("app/silo.jsonc", { tool: "vibe" });
    silo("config trust");
    const first = () => {
      const { files } = JSON.parse(read(RECORD)) as { files: Record<string, { hash: string }> };
      const old = Object.entries(files).map(([path, { hash }]) => [path, ["old", hash]]);
      put(RECORD, { files: Object.fromEntries(old), places: {} });
    };
    first();
    expect(silo("--dry-run").status).toBe(0);
    put("app/silo.jsonc", { tool: "vibe", mounts_ro: ["~/x"] });
    silo("config trust");
    expect(silo("--dry-run").status).toBe(0);
    first();
    expect(silo("--dry-run").stderr).toContain("leads elsewhere than when it was approved");
  });
});

/** Everything that can be in the place of a silo.jsonc. */
const ODD: Readonly<Record<string, () => void>> = {
  "a pipe": () => void spawnSync("mkfifo", [at("app/silo.jsonc")]),
  "a directory": () => mkdirSync(at("app/silo.jsonc")),
  "a huge file": () => put("app/silo.jsonc", `{}${" ".repeat(1 << 20)}`),
  "a link to a device": () => symlinkSync("/dev/zero", at("app/silo.jsonc")),
  "a link to itself": () => symlinkSync("silo.jsonc", at("app/silo.jsonc")),
  "no JSON": () => put("app/silo.jsonc", '{"backend": '),
  "an unknown key": () => put("app/silo.jsonc", '{"backend": "docker", "x": 1}'),
};

describe("a silo.jsonc that is", () => {
  test.each(Object.keys(ODD))("%s is an error for a run", (kind) => {
    ODD[kind]?.();
    const { status, stderr } = silo("codex --dry-run");
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^error: .*\n(.*\n)*hint: /)]);
  });

  test.each(Object.keys(ODD))("%s does not prevent silo ls", (kind) => {
    ODD[kind]?.();
    for (const line of ["ls", "ls --json", "prune --dry-run", "rm --all", "__complete rm "]) {
      const { status, stderr } = silo(line);
      expect([line, status]).toEqual([line, 0]);
      const warnings = stderr.split("\n").filter((text) => text.includes("is ignored"));
      expect(warnings).toEqual(
        line.startsWith("__") ? [] : [expect.stringContaining("app/silo.jsonc")],
      );
    }
    for (const line of ["exec x true", "shell x", "reconnect x", "rm x"])
      expect(silo(line).stderr).toContain('no silo container is named "x"');
    expect(silo("config paths").stdout).toBe(`${at("app/silo.jsonc")}\n`);
  });

  test("not valid and without backend settings is ignored without a message", () => {
    put("app/silo.jsonc", "{");
    expect(silo("ls").stderr).toBe("no silo containers\n");
  });

  test("your own and not valid: an error for a run, a warning elsewhere", () => {
    put(GLOBAL, '{"backends": 1}');
    expect(silo("codex --dry-run").status).toBe(1);
    const { status, stderr } = silo("ls");
    expect([status, stderr]).toEqual([
      0,
      "warning: ~/.config/silo/silo.jsonc is not valid, so it is ignored; to see why: silo config show\nno silo containers\n",
    ]);
  });

  test("next to damaged approvals does not apply, and silo ls still works", () => {
    put("app/silo.jsonc", { backend: "docker" });
    put(RECORD, "{");
    const { status, stderr } = silo("ls");
    expect([status, stderr]).toEqual([0, expect.stringContaining("trust.json are damaged")]);
  });
});

describe("another user's silo.jsonc above the project", () => {
  const foreign = (content: unknown) => {
    put("silo.jsonc", content);
    chownSync(at("silo.jsonc"), 65_534, 65_534);
  };

  test.each([
    ["that is free", { env: ["CI=1"] }],
    ["that asks", { env: ["TOKEN"], backend: "fly" }],
    ["that is not valid", "{"],
  ])("%s does not apply, does not prevent a run, and is reported", (_, content) => {
    foreign(content);
    for (const env of [{}, { SILO_TRUST: "1" }] as Record<string, string>[]) {
      const { status, stdout, stderr } = silo("codex --dry-run", env);
      expect(status).toBe(0);
      expect(stdout).not.toMatch(/^env .*\b(CI|TOKEN)\b/m);
      expect(stderr).toContain(
        `silo.jsonc belongs to another user (uid 65534), so it is ignored; to use it as it is: silo config trust ${at("silo.jsonc")}`,
      );
    }
  });

  test("can be approved only by its path, with its current content", () => {
    foreign({ env: ["CI=1"] });
    silo("config trust");
    expect(silo("codex --dry-run").stderr).toContain("another user");
    silo(`config trust ${at("silo.jsonc")}`);
    const { stdout, stderr } = silo("codex --dry-run");
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^env .*\bCI\b/m), ""]);
    foreign({ env: ["CI=2"] });
    expect(silo("codex --dry-run").stderr).toContain("another user");
  });

  test("is also recognised behind a link of the user's", () => {
    foreign({ env: ["CI=1"] });
    symlinkSync(at("silo.jsonc"), at("app/silo.jsonc"));
    expect(silo("codex --dry-run").stdout).not.toMatch(/^env .*\bCI\b/m);
  });

  test("is reported by silo ls if it has backend settings", () => {
    foreign({ env: ["CI=1"] });
    expect(silo("ls").stderr).toBe("no silo containers\n");
    foreign({ backend: "docker" });
    expect(silo("ls").stderr).toContain("another user (uid 65534)");
    rmSync(at("silo.jsonc"));
    spawnSync("mkfifo", [at("silo.jsonc")]);
    chownSync(at("silo.jsonc"), 65_534, 65_534);
    expect(silo("codex --dry-run").status).toBe(0);
  });

  test("counts as the user's own if the working directory belongs to the same user", () => {
    foreign({ env: ["CI=1"] });
    chownSync(at("app"), 65_534, 65_534);
    expect(silo("codex --dry-run").stdout).toMatch(/^env .*\bCI\b/m);
  });
});

describe("ways to trust", () => {
  const asking = { tool: "vibe" };

  test("SILO_TRUST=1 is valid for one run and is not recorded", () => {
    put("app/silo.jsonc", asking);
    expect(silo("--dry-run", { SILO_TRUST: "1" }).stdout).toContain("tool      vibe");
    expect(silo("--dry-run", { SILO_TRUST: "0" }).status).toBe(1);
    expect(existsSync(at(RECORD))).toBe(false);
  });

  test("trusted_paths of the global file, including links", () => {
    symlinkSync(at(""), at("home/link"));
    put(GLOBAL, { trusted_paths: ["~/link/app"] });
    put("app/sub/silo.jsonc", asking);
    put("apple/silo.jsonc", asking);
    expect(silo("--dry-run", {}, "app/sub").status).toBe(0);
    expect(silo("--dry-run", {}, "apple").status).toBe(1);
  });

  test("trusted_paths of a project's file are ignored with a warning", () => {
    put("app/silo.jsonc", { ...asking, trusted_paths: ["/", "."] });
    const { status, stderr } = silo("--dry-run");
    expect(status).toBe(1);
    expect(stderr).toContain("trusted_paths in");
    expect(stderr).toContain("has no effect");
  });

  test("an approval record within the project is not used", () => {
    put("app/silo.jsonc", asking);
    silo("config trust");
    put("app/.state/silo/trust.json", read(RECORD));
    const { status, stderr } = silo("--dry-run", { XDG_STATE_HOME: at("app/.state") });
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("is inside the working directory"),
    ]);
  });

  test("a damaged record approves nothing, and is named and left unchanged", () => {
    put("app/silo.jsonc", asking);
    put(RECORD, '{"files": {');
    for (const line of ["--dry-run", "config trust", "config trust --list"]) {
      const { status, stderr } = silo(line);
      expect([status, stderr]).toEqual([1, expect.stringContaining("trust.json are damaged")]);
    }
    expect(read(RECORD)).toBe('{"files": {');
  });
});

describe("silo config trust", () => {
  const states = () =>
    (
      JSON.parse(silo("config trust --list --json").stdout) as { file: string; state: string }[]
    ).map(({ file, state }) => `${file.slice(at("").length)} ${state}`);

  test("lists files as current, changed or missing, and revokes approvals", () => {
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

  test("loses no approval if several processes approve at once, and the record is private", async () => {
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

  test.each(["--list x", "--list --revoke", "--list --yes", "--json", "--revoke --yes"])(
    "%s is a usage error",
    (flags) => expect(silo(`config trust ${flags}`).status).toBe(2),
  );
});
