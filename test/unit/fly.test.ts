import { describe, expect, test } from "bun:test";
import { imageReference, runArgs, tagOf } from "../../src/backends/fly/args.ts";
import { flyError, isImageMissing, isNameTaken } from "../../src/backends/fly/errors.ts";
import { hourlyCost, launchedId, machineOf } from "../../src/backends/fly/machines.ts";
import { rootResult } from "../../src/backends/fly/provider.ts";
import { toolByName } from "../../src/tools/index.ts";
import { planOf } from "../support/plan.ts";

const SETTINGS = {
  app: "agents",
  region: "syd",
  cpus: 4,
  memoryMb: 8192,
};
const SESSION = { id: "0123456789abcdef", name: "app-1" };

test("a machine's configuration contains no value of a variable", () => {
  const plan = planOf(toolByName("codex"), { config: { env: ["ODD=s3cret"] } });
  expect(plan.env.map(({ value }) => value)).toContain("s3cret");
  expect(runArgs(plan, SESSION, SETTINGS).join(" ")).not.toContain("s3cret");
});

test("tagOf reverses imageReference", () => {
  const reference = imageReference("agents", "silo-codex:0123456789abcdef");
  expect(reference).toBe("registry.fly.io/agents:silo-codex-0123456789abcdef");
  expect(tagOf("agents", "silo-codex-0123456789abcdef")).toBe("silo-codex:0123456789abcdef");
  expect(tagOf("agents", "deployment-01H")).toBe("agents:deployment-01H");
});

describe("the output of flyctl", () => {
  test("contains the machine's id even if the command fails later", () => {
    expect(launchedId("Image: x\n Machine ID: 9080e6f3c12345\n Instance ID: 01H\n")).toBe(
      "9080e6f3c12345",
    );
    expect(launchedId("Image: x\n")).toBeUndefined();
  });

  test("has the name and session of a machine whose host does not respond", () => {
    const machine = machineOf({
      id: "m1",
      name: "app-1",
      state: "started",
      host_status: "unreachable",
      incomplete_config: { metadata: { "silo.session": "5e55" } },
      image_ref: {},
    });
    expect([machine.reachable, machine.labels?.session]).toEqual([false, "5e55"]);
  });

  test("gives the price from CPUs and memory", () => {
    const guest = { cpu_kind: "shared", cpus: 4, memory_mb: 8192 };
    // 4 shared processors and 8 GB: $42.76 a month.
    expect(hourlyCost({ kind: "shared", cpus: 4, memoryMb: 8192 })).toBeCloseTo(0.0586, 3);
    const row = { state: "started", config: { guest }, image_ref: {} };
    expect(machineOf(row).details).toEqual(["about $0.06 an hour"]);
    expect(machineOf({ ...row, state: "stopped" }).details).toEqual([]);
  });

  test.each([
    ["Error: no access token available. Please login with 'flyctl auth login'", "fly auth login"],
    ["Error: could not create ssh certificate: not authorized", "fly tokens create org"],
    ["Error: Could not find App agents", "fly apps create agents"],
    ["Error: could not launch machine: region zzz not found", "fly platform regions"],
    ["Error: could not launch machine: insufficient resources available", "FLY_REGION"],
    [
      "Error: could not launch machine: your organization is over the allowed machine quota",
      "limit",
    ],
    [
      "Error: could not launch machine: add a credit card to your organization billing",
      "fly dashboard",
    ],
    ["Error: unknown flag: --rootfs-persist", "brew upgrade flyctl"],
    ["Error: tunnel unavailable: failed probing", "fly doctor"],
  ])("%s", (text, hint) => {
    expect(flyError(text, "starting a machine", SETTINGS).hint).toContain(hint);
  });

  test("a missing image and a taken name are recognised", () => {
    expect(isImageMissing('Error: could not find image "registry.fly.io/a:b"')).toBe(true);
    expect(isImageMissing("Error: could not find app a")).toBe(false);
    expect(isNameTaken("machine name app-1 is already in use")).toBe(true);
    expect(isNameTaken("image already exists")).toBe(false);
  });
});

test.each([
  ["started", "running"],
  ["created", "starting"],
  ["replacing", "starting"],
  ["suspended", "stopped"],
  ["failed", "stopped"],
  ["destroying", "destroying"],
  ["destroyed", "destroyed"],
] as const)("a machine that is %s counts as %s", (state, phase) => {
  expect(machineOf({ state, image_ref: {} }).phase).toBe(phase);
});

test.each([
  [0, "", ["done", 0]],
  [1, "Error: ssh shell: Process exited with status 1", ["failed", 1]],
  [1, "Error: tunnel unavailable", ["unreachable", undefined]],
  [1, "Error: could not create ssh certificate: not authorized", ["refused", undefined]],
  [137, "", ["unreachable", undefined]],
] as const)("a console command with exit status %p and %p", (code, stderr, expected) => {
  const { outcome, status } = rootResult(code, "", stderr);
  expect([outcome, status]).toEqual([...expected]);
});
