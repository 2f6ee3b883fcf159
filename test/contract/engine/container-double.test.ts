import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOUBLES } from "../../support/settings.ts";

// The double of Apple's command must be as strict as the real one, or tests with it prove nothing.

const DOUBLE = join(DOUBLES, "apple/container");
const IMAGE = "silo-test-base:latest";

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "silo-double-"));
  mkdirSync(join(root, "context"));
  writeFileSync(join(root, "context/Dockerfile"), `FROM ${IMAGE}\n`);
  writeFileSync(join(root, "large"), "#".repeat(16_384));
  writeFileSync(join(root, "file"), "");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function container(words: readonly string[], env: Record<string, string> = {}) {
  const given = words.map((word) => word.replaceAll("<root>", root));
  const { status, stdout, stderr } = spawnSync(DOUBLE, given, {
    encoding: "utf8",
    input: "",
    env: {
      PATH: process.env["PATH"] ?? "",
      DOUBLE_BUN: process.execPath,
      DOUBLE_STATE: root,
      ...env,
    },
  });
  return { status, stdout, stderr };
}

const run = (...words: string[]) => ["run", ...words, IMAGE, "true"];

describe("refused arguments, with exit code and message", () => {
  test.each<[string[], number, RegExp]>([
    [["frobnicate"], 64, /Plugin 'container-frobnicate' not found/],
    [["ps"], 64, /Plugin 'container-ps' not found/],
    [["images"], 64, /Plugin 'container-images' not found/],
    [["rmi", "x"], 64, /Plugin 'container-rmi' not found/],
    [["pull", "x"], 64, /Plugin 'container-pull' not found/],
    [["image", "pull", "x"], 64, /Unexpected argument 'pull'/],
    [["network", "list"], 64, /Plugin 'container-network' not found/],
    [run("--pull=never"), 64, /Unknown option '--pull'/],
    [run("--hostname", "x"), 64, /Unknown option '--hostname'/],
    [run("--add-host", "a:b"), 64, /Unknown option '--add-host'/],
    [run("--privileged"), 64, /Unknown option '--privileged'/],
    [run("--security-opt", "x"), 64, /Unknown option '--security-opt'/],
    [run("--pids-limit", "1"), 64, /Unknown option '--pids-limit'/],
    [run("--device", "x"), 64, /Unknown option '--device'/],
    [run("--ipc", "private"), 64, /Unknown option '--ipc'/],
    [run("--restart", "no"), 64, /Unknown option '--restart'/],
    [run("--detach-keys", "x"), 64, /Unknown option '--detach-keys'/],
    [run("--group-add", "x"), 64, /Unknown option '--group-add'/],
    [run("--userns", "x"), 64, /Unknown option '--userns'/],
    [run("-eA=b"), 64, /Unknown option '-eA'/],
    [run("--interact"), 64, /Unknown option '--interact'/],
    [run("--interactive=true"), 64, /does not take any value/],
    [run("--name", "-x"), 64, /Missing value for '--name <name>'/],
    [["run"], 64, /Missing expected argument '<image>'/],
    [["run", "--name"], 64, /Missing value for '--name <name>'/],
    [run("--cpus", "many"), 64, /'many' is invalid/],
    [
      run("--mount", "type=bind,source=<root>/nowhere,target=/x"),
      1,
      /path '.*nowhere' does not exist/,
    ],
    [
      run("--mount", "type=bind,source=<root>/file,target=/x"),
      1,
      /path '.*file' is not a directory/,
    ],
    [
      run("--mount", "type=bind,source=<root>,target=/x,bind-propagation=r"),
      1,
      /unknown directive bind-propagation/,
    ],
    [run("--mount", "type=bind,source=a=b,target=/x"), 1, /invalid directive format missing value/],
    [run("--mount", "type=bind,source=<root>"), 1, /destination cannot be empty/],
    [run("--mount", 'type=bind,"source=<root>,x",target=/x'), 1, /unknown directive/],
    [run("--volume", "a:b:c:d"), 1, /invalid volume format/],
    [run("--volume", "<root>/nowhere:/x"), 1, /does not exist/],
    [run("--publish", "8080"), 1, /invalid publish value/],
    [run("--publish", "1:80"), 1, /invalid publish port/],
    [run("--publish", "8080:80", "--publish", "8080:81"), 1, /may not overlap/],
    [run("--label", "a=b=c"), 1, /invalid label format/],
    [run("--label", ""), 1, /invalid label format/],
    [run("--memory", "100M"), 1, /minimum memory/],
    [run("--memory", "lots"), 1, /invalid memory size/],
    [run("--cap-add", "NONSENSE"), 1, /unknown capability/],
    [run("--name", "a b"), 1, /not a valid container ID/],
    [run("--name", "x".repeat(64)), 1, /not a valid container ID/],
    [["run", "--interactive", "--tty", IMAGE, "true"], 1, /failed to set up the terminal/],
    [["run", "nowhere:1", "true"], 1, /notFound: "docker.io\/library\/nowhere:1/],
    [["exec", "nobody", "true"], 1, /notFound: "container with ID nobody not found"/],
    [["exec", "nobody"], 64, /Missing expected argument/],
    [["exec", "--label", "a=b", "nobody", "true"], 64, /Unknown option '--label'/],
    [["delete", "--force", "nobody"], 1, /notFound/],
    [["delete"], 1, /no containers specified/],
    [["kill", "nobody"], 1, /notFound/],
    [["list", "--filter", "x"], 64, /Unknown option '--filter'/],
    [["image", "inspect", "nowhere:1"], 1, /notFound: "image not found: nowhere:1"/],
    [["image", "inspect", "--format", "json", "x"], 64, /Unknown option '--format'/],
    [["image", "list", "--quiet", "--verbose"], 64, /Cannot use flag/],
    [["image", "delete", "nowhere:1"], 1, /failed to delete one or more images/],
    [["build", "<root>/nowhere"], 64, /context dir does not exist/],
    [["build", "--tag", "Bad Tag", "<root>/context"], 64, /invalid reference/],
    [["build", "--file", "<root>/none", "<root>/context"], 64, /dockerfile does not exist/],
    [["build", "--progress", "pretty", "<root>/context"], 64, /'pretty' is invalid/],
    [
      ["build", "--file", "<root>/large", "<root>/context"],
      1,
      /exceeds the maximum allowed size of 16384/,
    ],
  ])("%j", (words, code, text) => {
    const { status, stderr } = container(words);
    expect([status, stderr]).toEqual([code, expect.stringMatching(text) as unknown as string]);
  });

  test("a missing image is pulled from a registry, which is recorded", () => {
    container(["run", "nowhere:2", "true"]);
    expect(readFileSync(join(root, "pulls"), "utf8")).toContain("nowhere:2\n");
  });
});

describe("versions", () => {
  const of = (version: string, ...words: string[]) =>
    container(words, { FAKE_CONTAINER_VERSION: version });

  test.each([
    ["0.9.0", "--init", 64],
    ["0.12.3", "--init", 0],
    ["0.9.0", "--cap-drop=ALL", 64],
    ["0.12.3", "--cap-drop=ALL", 0],
    ["0.12.3", "--shm-size=1G", 64],
    ["1.0.0", "--masked-path=/x", 64],
  ])("%s with %s ends with %d", (version, option, code) => {
    expect(of(version, ...run("--rm", option)).status).toBe(code);
  });

  test.each([
    ["0.9.0", "stopped"],
    ["1.2.2", { state: "stopped" }],
  ])("%s lists in its own format", (version, status) => {
    const name = `shape-${version.replaceAll(".", "-")}`;
    expect(of(version, "create", "--name", name, IMAGE, "true").stdout).toBe(`${name}\n`);
    const rows = JSON.parse(of(version, "list", "--all", "--format", "json").stdout) as {
      configuration: { id: string };
    }[];
    expect(rows.find(({ configuration }) => configuration.id === name)).toMatchObject({ status });
    expect(of(version, "delete", "--force", name, name).status).toBe(0);
  });

  test("a missing container prevents the deletion of the others only before 1.0", () => {
    for (const [version, left] of [
      ["0.12.3", true],
      ["1.0.0", false],
    ] as const) {
      of(version, "create", "--name", "kept", IMAGE, "true");
      expect(of(version, "delete", "--force", "kept", "nobody").status).toBe(1);
      expect(of(version, "list", "--all", "--quiet").stdout.includes("kept")).toBe(left);
      of(version, "delete", "--force", "kept");
    }
  });

  test("image inspect succeeds for a missing image before 1.0", () => {
    const { status, stdout, stderr } = of("0.12.3", "image", "inspect", "nowhere:1");
    expect([status, JSON.parse(stdout)]).toEqual([0, []]);
    expect(stderr).toContain("Image not found");
  });
});

test("commands fail until the service is started", () => {
  writeFileSync(join(root, "down"), "");
  expect(container(["system", "status"]).status).toBe(1);
  expect(container(["list"])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("XPC connection error") as unknown as string,
  });
  expect(container(["--version"]).status).toBe(0);
  expect(container(["system", "start"]).status).toBe(0);
  expect(existsSync(join(root, "down"))).toBe(false);
  expect(container(["list", "--quiet"]).status).toBe(0);
});

test("run: exit code, streams, mounts, environment, name conflict", () => {
  const { status, stdout } = container(
    [
      "run",
      "--rm",
      "--env",
      "A",
      "--mount",
      "type=bind,source=<root>,target=/there,readonly",
      IMAGE,
      "sh",
      "-c",
      "echo $A; ls /there/file; exit 7",
    ],
    { A: "b" },
  );
  expect([status, stdout]).toEqual([7, "b\n/there/file\n"]);
  container(["create", "--name", "taken", IMAGE, "true"]);
  expect(container(["run", "--name", "taken", IMAGE, "true"])).toMatchObject({
    status: 1,
    stderr: 'Error: exists: "container with id taken already exists"\n',
  });
  container(["delete", "taken"]);
});
