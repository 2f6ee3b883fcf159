import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { atLeast } from "../../core/finding.ts";
import { SiloError } from "../../errors.ts";
import { whereIs } from "../../sys/on-path.ts";
import { capture } from "../../sys/process.ts";
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

/** What this machine has for a sandbox. @throws SiloError where there is no bwrap. */
export function hostView(): HostView {
  const bwrap = whereIs("bwrap");
  if (bwrap === undefined) {
    throw new SiloError('the command "bwrap" is not installed', {
      hint: "sudo apt-get install bubblewrap   # or your distribution's package of that name",
    });
  }
  const system = ["/usr", ...SYSTEM].filter((path) => existsSync(path)).map(asOnHost);
  return { bwrap, env: whereIs("env") ?? "/usr/bin/env", system, etc: ETC };
}

function asOnHost(path: string): HostView["system"][number] {
  const link = lstatSync(path).isSymbolicLink() ? readlinkSync(path).replace(/^\//, "") : undefined;
  return { path, link };
}

/** The oldest node that all of the tools run with. */
const NODE = "22";

/** Whether there is a node where the sandbox sees it: it sees `/usr` alone. */
export function seesNode(): boolean {
  return ["node", "npm"].every((name) => whereIs(name)?.startsWith("/usr/") === true);
}

/** Whether a node that the sandbox sees as well is new enough. */
export async function hasNode(): Promise<boolean> {
  if (!seesNode()) return false;
  const { code, stdout } = await capture({ bin: "node", args: ["--version"] });
  return code === 0 && atLeast(stdout.trim(), NODE);
}
