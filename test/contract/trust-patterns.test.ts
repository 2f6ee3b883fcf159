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

describe("a pattern that passes a value or a mount", () => {
  test.each([
    ["acme", 'env: "ACME_TOKEN"   // your value'],
    ["mounts", 'mounts_ro: "~/data"'],
  ])("asks once in a directory, the first time too: %s", (name, line) => {
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
  ])("gives nothing to %s", (address) => {
    remote(address);
    const { status, stdout } = silo("codex --dry-run");
    expect([status, stdout]).toEqual([0, expect.not.stringContaining("ACME_TOKEN")]);
  });

  test("asks again where the approved directory was moved or copied to", () => {
    remote("git@github.com:acme/app.git");
    silo("config trust");
    cpSync(at("app"), at("copy"), { recursive: true });
    expect(run("copy")).toContain('repos "github.com/acme"');
    renameSync(at("app"), at("moved"));
    expect(run("moved")).toContain('repos "github.com/acme"');
  });

  test("asks in a directory below and in another one with the same git directory", () => {
    remote("git@github.com:acme/app.git");
    silo("config trust");
    mkdirSync(at("app/lib"));
    expect(run("app/lib")).toContain('repos "github.com/acme"');
    put("evil/.git", `gitdir: ${at("app/.git")}\n`);
    expect(run("evil")).toContain('repos "github.com/acme"');
  });

  test("asks again where its mount leads elsewhere, and shows both", () => {
    mkdirSync(at("home/data"));
    remote("git@github.com:mounts/app.git");
    silo("config trust");
    expect(run()).toBe("");
    rmSync(at("home/data"), { recursive: true });
    symlinkSync(".", at("home/data"));
    expect(run()).toContain('mounts_ro: "~/data"   // ~, but ~/data when it was approved');
  });

  test("asks for nothing with SILO_TRUST=1 or in a trusted directory, which leaves no trace", () => {
    remote("git@github.com:acme/app.git");
    expect(silo("codex --dry-run", { SILO_TRUST: "1" }).status).toBe(0);
    put(GLOBAL, { trusted_paths: [at("app")], repos: { "github.com/acme": { env: ["KEY"] } } });
    expect(run()).toBe("");
    expect(record()).toBe("");
  });
});

describe("a pattern that passes neither", () => {
  test("applies at once in a new directory, and asks where a tool could have changed the remotes", () => {
    remote("git@github.com:ports/app.git", "new");
    expect(run("new")).toBe("");
    expect(run("new")).toBe("");
    expect(run()).toBe("");
    remote("git@github.com:ports/app.git");
    expect(run()).toContain('repos "github.com/ports" newly applies to');
    silo("config trust");
    expect(run()).toBe("");
  });

  test("asks where a tool ran before there was any pattern, at all or of this name", () => {
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

  test("and gives nothing beyond the defaults never asks", () => {
    expect(run()).toBe("");
    remote("https://github.com/harmless/app");
    expect(run()).toBe("");
    expect(record()).toBe("");
  });
});

test("a dry run remembers nothing", () => {
  remote("git@github.com:ports/app.git");
  expect(silo("codex --dry-run").status).toBe(0);
  expect(existsSync(at(RECORD))).toBe(false);
  expect(existsSync(at("home/.local/state/silo/places"))).toBe(false);
});
