import { statSync } from "node:fs";
import type { Diagnostic } from "../../core/diagnostic.ts";
import { probe } from "../../sys/process/probe.ts";
import { whereIs } from "../../sys/host/which.ts";
import { isUnsafeSetUid } from "./host.ts";
import { memoryLimit } from "./limits.ts";

const INSTALL = "sudo apt-get install bubblewrap";

/** Checks bubblewrap: the command, user namespaces, perl, and the memory limit. */
export async function diagnose(): Promise<readonly Diagnostic[]> {
  const check = "bwrap";
  if (process.platform !== "linux") return [{ check, state: "off", detail: "only on Linux" }];
  const bwrap = whereIs("bwrap");
  if (bwrap === undefined) return [{ check, state: "off", detail: "not installed", fix: INSTALL }];
  const [version, tried] = await Promise.all([
    probe(bwrap, ["--version"]),
    probe(bwrap, ["--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "true"]),
  ]);
  if (typeof version === "string" || typeof tried === "string")
    return [{ check, state: "bad", detail: "bwrap timed out", fix: INSTALL }];
  if (isUnsafeSetUid(statSync(bwrap).mode, version.stdout)) {
    const detail = `${version.stdout.trim()} is setuid root, which is unsafe before 0.11.2`;
    return [{ check, state: "bad", detail, fix: `sudo chmod u-s ${bwrap}` }];
  }
  if (tried.code !== 0) {
    const detail = `bwrap cannot create a user namespace: ${tried.stderr.trim()}`;
    const fix = "sudo sysctl kernel.unprivileged_userns_clone=1";
    return [{ check, state: "bad", detail, fix }];
  }
  if (whereIs("perl") === undefined) {
    const fix = "sudo apt-get install perl-base";
    return [
      { check, state: "bad", detail: "perl is not installed; the bwrap backend needs it", fix },
    ];
  }
  return [
    { check, state: "ok", detail: version.stdout.trim().replace("bubblewrap", "bwrap") },
    ...unlimited(),
  ];
}

/** Warns if sandboxes have no memory limit. When memory runs out, the kernel still kills them first. */
function unlimited(): readonly Diagnostic[] {
  const none = { memory: undefined, processes: 0, tmp: undefined };
  if (memoryLimit(none, process.getuid?.() ?? 0) !== undefined) return [];
  const detail = "no memory limit: neither a systemd user manager nor a writable cgroup";
  return [{ check: "bwrap memory", state: "warn", detail }];
}
