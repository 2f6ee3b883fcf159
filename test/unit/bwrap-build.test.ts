import { describe, expect, test } from "bun:test";
import { fetchEnv, scriptEnv } from "../../src/backends/bwrap/build-env.ts";
import { split } from "../../src/backends/bwrap/split.ts";
import { TOOLS } from "../../src/tools/index.ts";
import type { Tool } from "../../src/core/tool.ts";

describe("a build in two steps", () => {
  const all: readonly Tool[] = TOOLS;
  test.each(all.map((tool) => [tool.name, tool] as const))(
    "%s: every install step fetches first, and runs no code of a package while it fetches",
    (_, tool) => {
      const own = tool.install.filter(({ as }) => as === "user");
      const steps = own.map(({ run }) => ({ about: `install ${tool.title}`, run }));
      const { fetch, rest } = split({ steps });
      expect(fetch).toHaveLength(own.length);
      expect(rest).toHaveLength(own.length);
      for (const { run } of fetch) {
        expect(run).toMatch(/(npm|pip") install [^\n]*$/);
        expect(run).not.toMatch(/--version(?!_)/);
      }
      // The check of the binary runs the package, so it is a separate step.
      for (const { run } of rest) expect(run).toContain("--version");
      const scripts = own.flatMap(
        ({ run }) => /--allow-scripts=(\S+)/.exec(run)?.[1]?.split(",") ?? [],
      );
      for (const name of scripts)
        expect(rest.map(({ run }) => run).join("\n")).toContain(` ${name}`);
    },
  );

  test("a hook gets no credentials, even if it installs something", () => {
    const steps = [{ about: "post_build_hooks", run: "npm config list && npm install --global x" }];
    expect(split({ steps })).toEqual({ fetch: [], rest: steps });
  });
});

test("no variable with credentials reaches code of a package", () => {
  const secret = {
    NPM_TOKEN: "x",
    NODE_AUTH_TOKEN: "x",
    "npm_config_//registry.example/:_authToken": "x",
    NPM_CONFIG__AUTH: "x",
    NPM_CONFIG_USERNAME: "ada",
    npm_config__password: "x",
    NPM_CONFIG_OTP: "x",
    NPM_CONFIG_KEY: "x",
    BUN_CONFIG_TOKEN: "x",
    PIP_INDEX_URL: "https://ada:secret@pypi.example/simple",
    PIP_EXTRA_INDEX_URL: "https://pypi.example https://ada@other.example/simple",
    UV_INDEX_CORP_PASSWORD: "x",
    UV_PUBLISH_TOKEN: "x",
    https_proxy: "http://ada:secret@proxy.example:3128",
    NPM_CONFIG_REGISTRY: "https://ada:secret@npm.example/",
  };
  const harmless = {
    HTTPS_PROXY: "http://proxy.example:3128",
    NO_PROXY: "localhost",
    NODE_EXTRA_CA_CERTS: "/corp/ca.pem",
    PIP_TRUSTED_HOST: "pypi.example",
    npm_config_strict_ssl: "true",
  };
  const other = { PATH: "/x", HOME: "/x", AWS_SECRET_ACCESS_KEY: "x", npm_config_prefix: "/x" };
  const env = { ...secret, ...harmless, ...other };
  expect(scriptEnv(env)).toEqual(harmless);
  expect(fetchEnv(env)).toEqual({ ...secret, ...harmless });
});
