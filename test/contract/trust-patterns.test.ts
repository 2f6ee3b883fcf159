import { beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import {
  approvals,
  at,
  GLOBAL,
  HINT,
  put,
  record,
  RECORD,
  refusal,
  silo,
} from "../support/approvals.ts";

approvals();

const remote = (address: string, directory = "app") => {
  spawnSync("git", ["init", "-q", at(directory)]);
  put(`${directory}/.git/config`, `[remote "origin"]\n\turl = ${address}\n`);
};
const run = (cwd = "app") => refusal("codex -- x", {}, cwd);

beforeEach(() =>
  put(GLOBAL, {
    repos: {
      "github.com/acme": { env: ["ACME_TOKEN"] },
      "github.com/mounts": { mounts_ro: ["~/data"] },
      "github.com/ports": { ports: ["4321:4321"] },
      "github.com/harmless": { env: ["CI=1"] },
    },
  }),
);

describe("a repository pattern with a variable or a mount", () => {
  test.each([
    ["acme", 'env: "ACME_TOKEN"   // your value'],
    ["mounts", 'mounts_ro: "~/data"'],
  ])("needs one approval per directory: %s", (name, line) => {
    remote(`git@github.com:${name}/app.git`);
    const said = run();
    expect(said).toContain(`repos "github.com/${name}" requests variables or mounts`);
    expect(said).toContain(`repos."github.com/${name}".${line}`);
    expect(said).toContain(HINT);
    expect(silo("config trust").stderr).toContain(`approved repos "github.com/${name}" in`);
    expect(run()).toBe("");
    silo("config trust --revoke");
    expect(run()).toContain(`repos "github.com/${name}"`);
  });

  test.each([
    "https://github.com/acme-evil/x",
    "https://evil.example/github.com/acme/x",
    "https://notgithub.com/acme/x",
    "https://github.com/evil/x?github.com/acme",
    "https://github.com/acme/../evil/x",
    "https://evil.example?@github.com/acme/x",
    "https://github.com@evil.example/acme/x",
    "git@evil.example:github.com/acme/x",
    "https://github.com.evil.example/acme",
    "file:///github.com/acme/x",
    "github.com/acme/x",
  ])("does not apply to %s", (address) => {
    remote(address);
    const { status, stdout } = silo("codex --dry-run");
    expect([status, stdout]).toEqual([0, expect.not.stringContaining("ACME_TOKEN")]);
  });

  test("needs another approval if the directory is moved or copied", () => {
    remote("git@github.com:acme/app.git");
    silo("config trust");
    cpSync(at("app"), at("copy"), { recursive: true });
    expect(run("copy")).toContain('repos "github.com/acme"');
    renameSync(at("app"), at("moved"));
    expect(run("moved")).toContain('repos "github.com/acme"');
  });

  test("needs an approval in a subdirectory, and in another directory with the same git directory", () => {
    remote("git@github.com:acme/app.git");
    silo("config trust");
    mkdirSync(at("app/lib"));
    expect(run("app/lib")).toContain('repos "github.com/acme"');
    put("evil/.git", `gitdir: ${at("app/.git")}\n`);
    expect(run("evil")).toContain('repos "github.com/acme"');
  });

  test("needs another approval if its mount resolves to another path, and shows both paths", () => {
    mkdirSync(at("home/data"));
    remote("git@github.com:mounts/app.git");
    silo("config trust");
    expect(run()).toBe("");
    rmSync(at("home/data"), { recursive: true });
    symlinkSync(".", at("home/data"));
    expect(run()).toContain('mounts_ro: "~/data"   // ~, but ~/data when it was approved');
  });

  test("needs no approval with SILO_TRUST=1 or in a trusted directory, and records none", () => {
    remote("git@github.com:acme/app.git");
    expect(silo("codex --dry-run", { SILO_TRUST: "1" }).status).toBe(0);
    put(GLOBAL, { trusted_paths: [at("app")], repos: { "github.com/acme": { env: ["KEY"] } } });
    expect(run()).toBe("");
    expect(record()).toBe("");
  });
});

describe("a repository pattern without either", () => {
  test("applies in a new directory, but needs an approval if a tool could have changed the remotes", () => {
    remote("git@github.com:ports/app.git", "new");
    expect(run("new")).toBe("");
    expect(run("new")).toBe("");
    expect(run()).toBe("");
    remote("git@github.com:ports/app.git");
    expect(run()).toContain('repos "github.com/ports" newly applies to');
    silo("config trust");
    expect(run()).toBe("");
  });

  test("needs an approval if a tool ran before the pattern existed", () => {
    const patterns = { repos: { "github.com/ports": { ports: ["4321:4321"] } } };
    rmSync(at(GLOBAL));
    for (const name of ["app", "outer"]) {
      mkdirSync(at(name), { recursive: true });
      expect(run(name)).toBe("");
    }
    put(GLOBAL, patterns);
    for (const name of ["app", "outer/inner"]) {
      remote("git@github.com:ports/app.git", name);
      expect(run(name)).toContain('repos "github.com/ports" newly applies to');
    }
  });

  test("and with nothing beyond the defaults needs no approval", () => {
    expect(run()).toBe("");
    remote("https://github.com/harmless/app");
    expect(run()).toBe("");
    expect(record()).toBe("");
  });
});

test("a dry run records nothing", () => {
  remote("git@github.com:ports/app.git");
  expect(silo("codex --dry-run").status).toBe(0);
  expect(existsSync(at(RECORD))).toBe(false);
  expect(existsSync(at("home/.local/state/silo/places"))).toBe(false);
});
