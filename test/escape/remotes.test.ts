import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { renameSync } from "node:fs";
import { probe, silo } from "../support/silo.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { own, stage } from "./boxes.ts";
import { asUser } from "./plain.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const LOOKS = "a remote that looks like an approved one";
const ADDED = "a remote that the tool has added";
const MOVED = "a directory that was moved or copied";

const REAL = "https://github.com/acme/app.git";
const TOKEN = "token-of-acme";
const GIVES = { repos: { "github.com/acme": { env: ["ACME_TOKEN"] } } };
const HAS = { ACME_TOKEN: TOKEN };
const SHOW = 'echo "[$ACME_TOKEN]"';

/** URLs of other owners that contain the pattern's text. */
const LOOK_ALIKES = [
  "https://github.com/acme-evil/app",
  "https://evil.example/github.com/acme/app",
  "https://notgithub.com/acme/app",
  "https://github.com/evil/x?github.com/acme",
  "https://github.com/evil/x#github.com/acme",
  "https://github.com/evil/github.com/acme",
  "https://github.com.evil.example/acme/app",
  "https://github.com%2facme@evil.example/app",
  "https://github.com/acme@evil.example/app",
  "git@evil.example:github.com/acme/app",
  "ssh://github.com/acme:x@evil.example/app",
  "https://github.com/evil/../../acme-evil/app",
  "https://evil.example//github.com/acme/app",
  "file:///srv/github.com/acme/app",
  "/srv/github.com/acme/app",
  "../github.com/acme/app",
];

function repository(world: World, remote?: string): void {
  const git = (...words: readonly string[]) => {
    const [bin = "", ...args] = asUser(world, ["git", ...words]);
    const env = { PATH: process.env["PATH"], HOME: world.home };
    const { status, stderr } = spawnSync(bin, args, { cwd: world.project, env, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  };
  git("init", "--quiet");
  if (remote !== undefined) git("remote", "add", "origin", remote);
  own(world);
}

describe.each([
  ["docker", TESTER],
  ["bwrap", TESTER],
] as const)("%s", (backend, user) => {
  const { project, configure } = stage(backend, user);

  for (const address of LOOK_ALIKES) {
    holds(LOOKS, backend, address, async () => {
      const world = project();
      repository(world, address);
      configure(GIVES);
      // Either the run is refused or the variable is not passed; both are correct.
      const { stdout } = await probe(world, SHOW, { env: HAS });
      expect(["[]\n", ""]).toContain(stdout);
    });
  }

  bites(LOOKS, backend, "the real address gives the value", async () => {
    const world = project();
    repository(world, REAL);
    configure(GIVES);
    const { stdout } = await probe(world, SHOW, { env: { ...HAS, SILO_TRUST: "1" } });
    expect(stdout).toBe(`[${TOKEN}]\n`);
  });

  holds(ADDED, backend, "before its user has any pattern", async () => {
    const world = project();
    repository(world);
    await probe(world, `git remote add origin ${REAL}`);
    configure(GIVES);
    const { code, stdout, stderr } = await probe(world, SHOW, { env: HAS });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("github.com/acme");
  });

  holds(ADDED, backend, "beside the remote that was there", async () => {
    const world = project();
    repository(world, "https://github.com/else/app");
    configure(GIVES);
    expect((await probe(world, SHOW, { env: HAS })).stdout).toBe("[]\n");
    await probe(world, `git remote add other ${REAL}; git remote set-url origin ${REAL}`);
    expect((await probe(world, SHOW, { env: HAS })).stdout).toBe("");
  });

  bites(ADDED, backend, "the remote alone would give the value", async () => {
    const world = project();
    repository(world);
    await probe(world, `git remote add origin ${REAL}`);
    configure(GIVES);
    const { stdout } = await probe(world, SHOW, { env: { ...HAS, SILO_TRUST: "1" } });
    expect(stdout).toBe(`[${TOKEN}]\n`);
  });

  holds(MOVED, backend, "a tool adds a remote, and the directory is moved and copied", async () => {
    const world = project();
    repository(world);
    configure(GIVES);
    await probe(world, `git remote add origin ${REAL}`);
    const copied = project();
    spawnSync("cp", ["-a", `${world.project}/.`, copied.project]);
    expect((await probe(copied, SHOW, { env: HAS })).stdout).toBe("");
    const moved = project();
    renameSync(world.project, moved.project);
    expect((await probe(moved, SHOW, { env: HAS })).stdout).toBe("");
  });

  bites(
    MOVED,
    backend,
    "a directory that was approved gets the value, and no question",
    async () => {
      const world = project();
      repository(world, REAL);
      configure({ ...GIVES, trusted_paths: [world.project] });
      expect((await probe(world, SHOW, { env: HAS })).stdout).toBe(`[${TOKEN}]\n`);
      expect((await silo(world, ["codex", "--dry-run"], { env: HAS })).code).toBe(0);
    },
  );
});

tableAtEnd("escape/remotes.test.ts");
