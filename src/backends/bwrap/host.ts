import { existsSync, lstatSync, readlinkSync, statSync } from "node:fs";
import { isAtLeast } from "../../core/text/version.ts";
import { SiloError } from "../../errors.ts";
import { whereIs } from "../../sys/host/which.ts";
import { capture } from "../../sys/process/process.ts";
import { missingProgram } from "../engine/errors.ts";
import type { HostView } from "./args.ts";

const SYSTEM = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] as const;

const ETC = [
  "alternatives",
  "ca-certificates",
  "ca-certificates.conf",
  "crypto-policies",
  "gai.conf",
  "host.conf",
  "hosts",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "mime.types",
  "nsswitch.conf",
  "os-release",
  "pki",
  "protocols",
  "resolv.conf",
  "services",
  "ssl",
  "terminfo",
  "timezone",
].map((name) => `/etc/${name}`);

/** Files and directories in /proc with information about the whole host; runc hides the same (libcontainer, `MaskPaths`). */
const HIDDEN = {
  files: ["kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug"],
  directories: ["acpi", "asound", "scsi"],
} as const;

const here = (names: readonly string[]) =>
  names.map((name) => `/proc/${name}`).filter((path) => existsSync(path));

/**
 * Gathers the facts about the host for a sandbox.
 * @throws SiloError if bwrap or perl is not installed, or if bwrap is setuid root in an unsafe version.
 */
export async function hostView(): Promise<HostView> {
  const [bwrap, perl] = [whereIs("bwrap"), whereIs("perl")];
  if (bwrap === undefined) {
    const hint = "sudo apt-get install bubblewrap   # or your distribution's package of that name";
    throw missingProgram("bwrap", hint);
  }
  if (perl === undefined) throw missingPerl();
  const { mode, dev, ino, size, mtimeMs } = statSync(bwrap);
  if (isSetUid(mode)) await refuseUnsafe(bwrap);
  return {
    bwrap,
    perl,
    arch: process.arch,
    version: `${dev}:${ino}:${size}:${mtimeMs}`,
    system: ["/usr", ...SYSTEM].filter((path) => existsSync(path)).map(asOnHost),
    etc: ETC,
    hidden: { files: here(HIDDEN.files), directories: here(HIDDEN.directories) },
  };
}

/** The error for a missing perl, which starts and enters sandboxes. */
export function missingPerl(): SiloError {
  return missingProgram(
    "perl",
    "sudo apt-get install perl-base   # or your distribution's package perl",
    ["the bwrap backend starts and enters sandboxes with perl"],
  );
}

function asOnHost(path: string): HostView["system"][number] {
  const link = lstatSync(path).isSymbolicLink() ? readlinkSync(path).replace(/^\//, "") : undefined;
  return { path, link };
}

/** S_ISUID of inode(7). */
// eslint-disable-next-line no-bitwise -- a mode is bits
const isSetUid = (mode: number) => (mode & 0o4000) !== 0;

/** First bubblewrap whose setuid mode is safe; in earlier ones a program in the sandbox can trace bwrap (CVE-2026-41163). */
const SAFE = "0.11.2";

/** Whether bwrap is setuid root in an unsafe version. @param version output of `bwrap --version`. */
export function isUnsafeSetUid(mode: number, version: string): boolean {
  return isSetUid(mode) && !isAtLeast(version, SAFE);
}

async function refuseUnsafe(bwrap: string): Promise<void> {
  const { stdout } = await capture({ bin: bwrap, args: ["--version"] });
  const version = stdout.trim();
  if (isAtLeast(version, SAFE)) return;
  throw new SiloError(
    `${bwrap} is setuid root, which is unsafe before bubblewrap ${SAFE}; this is ${version}`,
    { hint: `sudo chmod u-s ${bwrap}   # bwrap needs no root if users may create namespaces` },
  );
}

/** Oldest node that all tools run on. */
const NODE = "22";

/** Whether node and npm are in `/usr`, the only directory of the host with programs that the sandbox sees. */
export function seesNode(): boolean {
  return ["node", "npm"].every((name) => whereIs(name)?.startsWith("/usr/") === true);
}

/** Whether the sandbox sees a recent node. */
export async function hasNode(): Promise<boolean> {
  if (!seesNode()) return false;
  const { code, stdout } = await capture({ bin: "node", args: ["--version"] });
  return code === 0 && isAtLeast(stdout.trim(), NODE);
}
