import type { Config } from "../../core/config.ts";
import type { Diagnostic } from "../../core/diagnostic.ts";
import { probe } from "../../sys/process/probe.ts";
import { APP_HINT } from "./errors.ts";

/** Checks flyctl, the sign-in, the app, and the programs that sync files. */
export async function diagnose(config: Config): Promise<readonly Diagnostic[]> {
  const [version, account, mutagen, ssh] = await Promise.all([
    probe("fly", ["version"]),
    probe("fly", ["auth", "whoami"]),
    probe("mutagen", ["version"]),
    probe("ssh", ["-V"]),
  ]);
  if (version === "missing" || account === "missing") {
    return [{ check: "fly", state: "off", detail: "not installed", fix: "brew install flyctl" }];
  }
  if (version === "silent" || account === "silent") {
    return [{ check: "fly", state: "bad", detail: "fly timed out", fix: "fly doctor" }];
  }
  const own = /v(\d\S*)/.exec(version.stdout)?.[1] ?? "";
  const fly: Diagnostic =
    account.code === 0
      ? { check: "fly", state: "ok", detail: `fly ${own}, signed in` }
      : { check: "fly", state: "bad", detail: `fly ${own}, not signed in`, fix: "fly auth login" };
  return [
    fly,
    appDiagnostic(config),
    typeof mutagen === "object"
      ? { check: "mutagen", state: "ok", detail: mutagen.stdout.trim() }
      : helperMissing("mutagen", "brew install mutagen-io/mutagen/mutagen"),
    typeof ssh === "object"
      ? {
          check: "ssh",
          state: "ok",
          detail: /OpenSSH_[^,\s]+/.exec(ssh.stderr)?.[0] ?? "installed",
        }
      : helperMissing("ssh", "install OpenSSH's client"),
  ];
}

function appDiagnostic({ backend, backends: { fly } }: Config): Diagnostic {
  if (fly.app !== undefined) {
    const detail = `${fly.app.value}, region ${fly.region.value}`;
    return { check: "fly app", state: "ok", detail };
  }
  return {
    check: "fly app",
    state: backend?.value === "fly" ? "bad" : "off",
    detail: "not set (backends.fly.app)",
    fix: APP_HINT,
  };
}

function helperMissing(check: string, fix: string): Diagnostic {
  return { check, state: "bad", detail: "not installed; Fly.io machines need it", fix };
}
