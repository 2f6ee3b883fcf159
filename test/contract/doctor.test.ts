import { beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../../src/core/diagnostic.ts";
import { silo } from "../support/silo.ts";
import { put, useWorld } from "../support/world.ts";

// Small doubles that support only the queries of doctor, with the output of the real programs.

const world = useWorld({ backend: "none" });
beforeEach(() => {
  mkdirSync(join(world.root, "bin"), { recursive: true });
  for (const name of ["sh", "sleep"]) symlinkSync(`/bin/${name}`, join(world.root, "bin", name));
});

/** A program that supports some command lines, and fails for all others. */
function program(name: string, answers: Record<string, string>): void {
  const cases = Object.entries(answers).map(([args, body]) => `"${args}") ${body};;`);
  const script = `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\n*) echo "unknown: $*" >&2; exit 64;;\nesac\n`;
  writeFileSync(join(world.root, "bin", name), script);
  chmodSync(join(world.root, "bin", name), 0o755);
}

async function doctor(...args: string[]) {
  const env = { PATH: join(world.root, "bin") };
  const { code, stdout, stderr } = await silo(world, ["doctor", "--json", ...args], { env });
  expect(stderr).toBe("");
  const findings = JSON.parse(stdout) as Diagnostic[];
  return { code, of: (check: string) => findings.find((finding) => finding.check === check) };
}

const DOCKER = (client: string, server: string) => ({
  "version --format {{json .}}": `echo '{"Client":{"Version":"${client}"},"Server":{"Version":"${server}"}}'`,
  "buildx version": "echo 'github.com/docker/buildx v0.19.3 48d6a39'",
});

test("a working Docker", async () => {
  program("docker", DOCKER("28.2.2", "28.2.2"));
  const { code, of } = await doctor();
  expect(of("docker")).toMatchObject({ state: "ok", detail: expect.stringContaining("28.2.2") });
  expect(of("docker builder")).toMatchObject({ state: "ok", detail: "BuildKit" });
  expect(code).toBe(0);
});

test.each([
  ["not installed", undefined, "is not installed", "install Docker"],
  ["too old", DOCKER("19.03.1", "19.03.1"), "19.03.1 is too old", "docs.docker.com"],
  [
    "not running",
    {
      "version --format {{json .}}":
        "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1",
      "buildx version": "exit 1",
    },
    "cannot connect",
    "systemctl start docker",
  ],
])("Docker %s: an error, since it is the backend in use", async (_, answers, detail, fix) => {
  if (answers !== undefined) program("docker", answers);
  const { code, of } = await doctor();
  expect(of("docker")).toMatchObject({ state: "bad", detail: expect.stringContaining(detail) });
  expect(of("docker")?.fix).toContain(fix);
  expect(code).toBe(1);
});

test("a Docker that hangs is an error after five seconds", async () => {
  program("docker", { "version --format {{json .}}": "exec sleep 60", "buildx version": "exit 1" });
  const { code, of } = await doctor();
  expect(of("docker")).toMatchObject({
    state: "bad",
    detail: expect.stringContaining("timed out"),
  });
  expect(code).toBe(1);
}, 20_000);

test("a missing Fly.io sign-in is an error only if the fly backend is in use", async () => {
  program("docker", DOCKER("28.2.2", "28.2.2"));
  program("fly", {
    version: "echo 'fly v0.3.200 linux/amd64 Commit: 0 BuildDate: 2026-01-01T00:00:00Z'",
    "auth whoami": "echo 'Error: failed retrieving current user: not signed in' >&2; exit 1",
  });
  const elsewhere = await doctor();
  expect(elsewhere.of("fly")).toMatchObject({ state: "warn", fix: "fly auth login" });
  expect(elsewhere.code).toBe(0);
  const here = await doctor("--backend", "fly");
  expect(here.of("fly")).toMatchObject({ state: "bad", fix: "fly auth login" });
  expect(here.of("mutagen")?.state).toBe("bad");
  expect(here.code).toBe(1);
});

test("an invalid configuration is an error with its position", async () => {
  program("docker", DOCKER("28.2.2", "28.2.2"));
  put(world, "home/.config/silo/silo.jsonc", '{"bakend": "docker"}');
  const { code, of } = await doctor();
  expect(of("configuration")?.detail).toContain("silo.jsonc:1:2: unknown key");
  expect(code).toBe(1);
});

test("doctor does not run a program that an unapproved file names", async () => {
  program("docker", DOCKER("28.2.2", "28.2.2"));
  program("evil", { "version --format {{json .}}": "touch $HOME/ran" });
  writeFileSync(join(world.project, "silo.jsonc"), '{"backends": {"docker": {"command": "evil"}}}');
  const { of } = await doctor();
  expect(of("docker")?.detail).toContain("docker 28.2.2");
  expect(of("configuration")).toMatchObject({ state: "warn", fix: "silo config trust" });
});

test("prints a list with marks and fixes, in ASCII without UTF-8", async () => {
  const env = { PATH: join(world.root, "bin"), LANG: "C" };
  const { stdout } = await silo(world, ["doctor"], { env });
  expect(stdout).toContain("x  docker");
  expect(stdout).toMatch(/\n {4}install Docker/);
  const utf8 = await silo(world, ["doctor"], { env: { ...env, LANG: "de_DE.utf8" } });
  expect(utf8.stdout).toContain("✘ docker");
  expect(utf8.stdout).not.toContain("\u001B");
});
