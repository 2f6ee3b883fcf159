import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  bwrapAdvisory,
  containerAdvisory,
  crunAdvisory,
  filterDiagnostic,
  kernelDiagnostic,
} from "../../src/core/advisories.ts";
import { kernelFacts } from "../../src/sys/host/kernel.ts";

describe("versions", () => {
  test.each([
    ["docker", "28.2.2", "which allows AF_ALG"],
    ["docker", "20.10.24+dfsg1", "which allows AF_ALG"],
    ["docker", "29.4.2", "Docker's own for builds"],
    ["docker", "30.0.0", "Docker's own for builds"],
    ["docker", "", "Docker's own for builds"],
    ["podman", "5.6.0", "which allows AF_ALG"],
  ] as const)("%s %s: %s", (engine, version, expected) => {
    const { state, detail } = filterDiagnostic(engine, version);
    expect(state).toBe("ok");
    expect(detail).toEndWith(expected.startsWith("which") ? "(CVE-2026-31431)" : expected);
  });

  test.each([
    ["crun version 1.8.1", true],
    ["1.29.9", true],
    ["crun version 1.30", false],
    ["crun version 1.30.1", false],
    ["unknown", false],
  ])("crun %p is vulnerable: %p", (version, expected) => {
    expect(crunAdvisory(version) !== undefined).toBe(expected);
  });

  test.each([
    ["bubblewrap 0.8.0", true, true],
    ["bubblewrap 0.11.1", true, true],
    ["bubblewrap 0.11.2", true, false],
    ["bubblewrap 0.8.0", false, false],
    ["something", true, true],
  ])("%p, set-user-id %p, is refused: %p", (version, setuid, expected) => {
    expect(bwrapAdvisory(version, setuid) !== undefined).toBe(expected);
  });

  test.each([
    ["1.2.2", true],
    ["1.3.0", true],
    ["1.3.1", false],
    ["1.6.0", false],
  ])("container %s is vulnerable: %p", (version, expected) => {
    expect(containerAdvisory(version) !== undefined).toBe(expected);
  });
});

describe("the kernel", () => {
  const OLD = "#110-Ubuntu SMP PREEMPT_DYNAMIC Thu Mar 19 15:09:20 UTC 2026";
  const facts = { release: "6.8.0", version: OLD, present: ["esp4"], loadable: ["rxrpc"] };

  test("older than the fixes, with a vulnerable module that it can load, gives a warning", () => {
    const { state, detail, fix } = kernelDiagnostic(facts);
    expect(state).toBe("warn");
    expect(detail).toContain("Linux 6.8.0 of 2026-03-19 is older than the fixes");
    expect(detail).toContain("esp4, rxrpc");
    expect(fix).toContain("upgrade");
  });

  test.each([
    ["without these modules", { present: [], loadable: [] }],
    ["built later", { version: "#1 SMP PREEMPT_DYNAMIC Debian 6.12.90-1 (2026-06-03)" }],
    ["of the day of the fix", { version: "#1 SMP Thu May 14 01:02:03 UTC 2026" }],
    ["with an arbitrary date", { version: "#1-NixOS SMP Tue Jan  1 00:00:00 UTC 1980" }],
    ["without a date", { version: "#1 SMP PREEMPT_DYNAMIC @0" }],
  ])("gives no warning %s", (_, other) => {
    expect(kernelDiagnostic({ ...facts, ...other }).state).toBe("ok");
  });

  test.each([
    "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)",
    "#1 SMP Wed May  6 01:02:03 UTC 2026",
  ])("%s is old", (version) => {
    expect(kernelDiagnostic({ ...facts, version }).state).toBe("warn");
  });
});

describe.skipIf(process.platform !== "linux")("kernel facts from files", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "silo-kernel-"));
    put("proc/sys/kernel/osrelease", "6.8.0\n");
    put("proc/sys/kernel/version", "#1 SMP\n");
    put("proc/modules", "rxrpc 1 0 - Live 0x0\nesp4_offload 1 0 - Live 0x0\n");
    put("lib/modules/6.8.0/modules.builtin", "kernel/net/ipv6/esp6.ko\n");
    put(
      "lib/modules/6.8.0/modules.dep",
      "kernel/crypto/algif_aead.ko.zst: kernel/crypto/af_alg.ko.zst\nkernel/net/ipv4/esp4.ko: x\nkernel/net/rxrpc/rxrpc.ko:\n",
    );
  });
  afterEach(() => rmSync(root, { recursive: true }));
  function put(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  test("loaded, built in, and loadable", async () => {
    expect(await kernelFacts(root)).toEqual({
      release: "6.8.0",
      version: "#1 SMP",
      present: ["esp6", "rxrpc"],
      loadable: ["algif_aead", "esp4"],
    });
  });

  test("a module that modprobe must not load is not loadable", async () => {
    put("etc/modprobe.d/a.conf", "# esp4\ninstall algif_aead /bin/false\n");
    expect((await kernelFacts(root))?.loadable).toEqual(["esp4"]);
    put("usr/lib/modprobe.d/b.conf", "blacklist esp4\n");
    put("etc/modprobe.d/c.txt", "blacklist rxrpc\n");
    expect((await kernelFacts(root))?.loadable).toEqual([]);
  });

  test("without any of them it is empty", async () => {
    expect(await kernelFacts(join(root, "nowhere"))).toEqual({
      release: "",
      version: "",
      present: [],
      loadable: [],
    });
  });
});
