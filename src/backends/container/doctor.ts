import { containerAdvisory } from "../../core/advisories.ts";
import { type Diagnostic } from "../../core/diagnostic.ts";
import { isAtLeast } from "../../core/text/version.ts";
import { probe } from "../../sys/process/probe.ts";

const LEAST = "0.9";
const INSTALL = "brew install container && container system start";

/** Checks Apple's `container`: the command, its version and its service (`container --version`, `container system status`). */
export async function diagnose(): Promise<readonly Diagnostic[]> {
  const check = "container";
  const [version, status] = await Promise.all([
    probe("container", ["--version"]),
    probe("container", ["system", "status"]),
  ]);
  if (version === "missing" && process.platform !== "darwin")
    return [{ check, state: "off", detail: "only on macOS" }];
  if (version === "missing")
    return [{ check, state: "off", detail: "not installed", fix: INSTALL }];
  if (version === "silent" || status === "silent") {
    const fix = "container system stop && container system start";
    return [{ check, state: "bad", detail: "container timed out", fix }];
  }
  const own = /version (\S+)/.exec(version.stdout)?.[1] ?? "";
  if (!isAtLeast(own, LEAST)) {
    const detail = `container ${own} is too old; silo needs ${LEAST} or newer`;
    return [{ check, state: "bad", detail, fix: "brew upgrade container" }];
  }
  if (status === "missing" || status.code !== 0) {
    const detail = `container ${own}, but its service is not running`;
    return [{ check, state: "bad", detail, fix: "container system start" }];
  }
  const hole = containerAdvisory(own);
  return [hole ?? { check, state: "ok", detail: `container ${own}, service running` }];
}
