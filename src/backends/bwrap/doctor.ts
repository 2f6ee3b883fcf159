import type { Finding } from "../../core/finding.ts";
import { askProgram } from "../../sys/answer.ts";

const INSTALL = "sudo apt-get install bubblewrap";

/** bubblewrap: the command, and whether this machine lets it make namespaces. */
export async function diagnose(): Promise<readonly Finding[]> {
  const check = "bwrap";
  if (process.platform !== "linux") return [{ check, state: "off", detail: "only on Linux" }];
  const [version, tried] = await Promise.all([
    askProgram("bwrap", ["--version"]),
    askProgram("bwrap", ["--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "true"]),
  ]);
  if (version === "missing")
    return [{ check, state: "off", detail: "not installed", mend: INSTALL }];
  if (version === "silent" || tried === "silent" || tried === "missing")
    return [{ check, state: "bad", detail: "bwrap does not answer", mend: INSTALL }];
  if (tried.code !== 0) {
    const detail = `this machine does not let it make namespaces: ${tried.stderr.trim()}`;
    const mend = "sudo sysctl kernel.unprivileged_userns_clone=1";
    return [{ check, state: "bad", detail, mend }];
  }
  return [{ check, state: "ok", detail: version.stdout.trim().replace("bubblewrap", "bwrap") }];
}
