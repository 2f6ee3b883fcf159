import { existsSync } from "node:fs";

type Env = Readonly<Record<string, string>>;

/** Inputs of a build from the host. */
export type BuildHost = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Existing configuration files of npm, bun and pip (`settingFiles`). */
  readonly files: readonly string[];
  /** silo's process id, which makes the cgroup name of the build unique. */
  readonly pid: number;
};

/** Gathers the inputs of a build. @param home the user's home directory. */
export function buildHost(home: string): BuildHost {
  return { env: process.env, files: settingFiles(home), pid: process.pid };
}

/** Variables that an installation needs: the registry, its credentials, and the proxy. */
const PASSED =
  /^(npm_config_.*|NPM_CONFIG_.*|NPM_TOKEN|NODE_AUTH_TOKEN|BUN_CONFIG_.*|PIP_.*|UV_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(HTTPS?|NO)_PROXY|https?_proxy|no_proxy)$/;
/** npm settings with paths outside of the sandbox, which are not passed. */
const KEPT_OUT = /^npm_config_(prefix|globalconfig|userconfig|cache|local_prefix|global_prefix)$/i;

/** Names of variables with credentials: `NPM_CONFIG__AUTHTOKEN`, `npm_config_//registry/:_auth`, `NPM_CONFIG_KEY`. */
const SIGN_IN = /token|auth|passw|secret|username|credential|_otp$|config_(key|cert)$/i;
/** A URL with user information: `https://ada:secret@registry`. */
const WITH_USER = /[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i;

/** The user's variables for the step that fetches packages, including credentials. */
export function fetchEnv(env: Readonly<Record<string, string | undefined>>): Env {
  const passed = Object.entries(env).filter(
    ([name, value]) => value !== undefined && PASSED.test(name) && !KEPT_OUT.test(name),
  );
  return Object.fromEntries(passed) as Record<string, string>;
}

/** The same variables without credentials, for steps that run code of packages. */
export function scriptEnv(env: Readonly<Record<string, string | undefined>>): Env {
  const passed = Object.entries(fetchEnv(env)).filter(
    ([name, value]) => !SIGN_IN.test(name) && !WITH_USER.test(value),
  );
  return Object.fromEntries(passed);
}

/** Certificate files in the variables that have to be mounted, because they are outside of `/usr` and `/etc`. */
export function certificates(env: Env): readonly string[] {
  return ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT", "SSL_CERT_DIR"]
    .map((name) => env[name] ?? "")
    .filter(
      (path) => path.startsWith("/") && !path.startsWith("/usr/") && !path.startsWith("/etc/"),
    )
    .filter((path) => existsSync(path));
}

/** The existing configuration files of npm, bun and pip; they may contain credentials. */
export function settingFiles(home: string): readonly string[] {
  return [
    `${home}/.npmrc`,
    `${home}/.bunfig.toml`,
    `${home}/.config/pip`,
    "/etc/npmrc",
    "/etc/pip.conf",
  ].filter((path) => existsSync(path));
}
