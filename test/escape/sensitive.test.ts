import { describe, expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { probe, silo } from "../support/silo.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { file, own, stage } from "./boxes.ts";
import { plainBox } from "./plain.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const NAME = "a working directory or mount that contains keys";

const IN_HOME = [
  ".ssh",
  ".gnupg",
  ".aws",
  ".kube",
  ".docker",
  ".config/gcloud",
  ".config/google-chrome",
  ".mozilla",
  ".config/silo",
  ".local/state/silo",
];
const SYSTEM = ["/etc", "/var/run", "/run", "/usr"];

describe.each([
  ["docker", undefined],
  ["docker", TESTER],
  ["bwrap", TESTER],
] as const)("%s", (backend, user) => {
  const { project, world, configure } = stage(backend, user);
  const who = user === undefined ? "root" : "an ordinary user";

  const keys = (path: string): World => {
    file(world(), `~/${path}/key`, `key of ${path}`);
    mkdirSync(join(world().home, path, "deeper"), { recursive: true });
    own(world());
    return { ...world(), project: join(world().home, path) };
  };

  for (const path of IN_HOME) {
    holds(
      NAME,
      backend,
      `~/${path} as the working directory, and a directory in it, as ${who}`,
      async () => {
        const here = keys(path);
        for (const place of [here.project, join(here.project, "deeper")]) {
          const { code, stdout } = await probe(
            { ...here, project: place },
            "echo ran; cat ../key key",
          );
          expect([place, stdout]).toEqual([place, ""]);
          expect(code).toBeGreaterThan(0);
        }
      },
    );

    holds(NAME, backend, `~/${path} as a mount, as ${who}`, async () => {
      keys(path);
      for (const mode of ["mounts_ro", "mounts_rw"]) {
        configure({ [mode]: [`~/${path}`] });
        const { stdout } = await probe(project(), `cat ~/${path}/key`);
        expect([mode, stdout]).toEqual([mode, ""]);
      }
    });
  }

  for (const path of SYSTEM) {
    holds(NAME, backend, `${path} as the working directory, as ${who}`, async () => {
      const { code, stdout } = await probe({ ...world(), project: path }, "echo ran");
      expect(stdout).toBe("");
      expect(code).toBeGreaterThan(0);
    });
  }

  holds(
    NAME,
    backend,
    `a leading "!" in the user's own file is the answer, as ${who}`,
    async () => {
      keys(".aws");
      configure({ mounts_ro: ["!~/.aws"] });
      expect((await probe(project(), "cat ~/.aws/key")).stdout).toBe("key of .aws");
      // In a project's file it needs an approval like every other mount.
      configure({});
      const other = project();
      file(other, "silo.jsonc", JSON.stringify({ mounts_ro: ["!~/.aws"] }));
      own(other);
      expect((await silo(other, ["codex", "--", "probe", "cat ~/.aws/key"])).stdout).toBe("");
    },
  );

  bites(NAME, backend, `mounted, the keys can be read, as ${who}`, () => {
    const here = keys(".ssh");
    const bind = { source: here.project, target: here.project, mode: "rw" } as const;
    expect(plainBox(here, [bind], "cat key").stdout).toBe("key of .ssh");
  });
});

tableAtEnd("escape/sensitive.test.ts");
