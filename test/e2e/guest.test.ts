import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { probe } from "../support/silo.ts";
import { BACKENDS, put, useWorld } from "../support/world.ts";
import { PROBE_CONFIG, TESTER } from "../support/settings.ts";

const MINUTES = 5 * 60_000;

const USERS = [
  ["root", undefined],
  ["an ordinary user", TESTER],
] as const;
const TABLE = BACKENDS.flatMap((backend) =>
  USERS.map(([who, user]) => [backend, who, user] as const),
);

describe.each(TABLE)("%s: the guest, for %s", (backend, _, user) => {
  const world = useWorld({ backend, user });

  test(
    "ids, home and working directory are the host's, and new files belong to the user",
    async () => {
      const { stdout, code } = await probe(
        world,
        'echo "$(id -u):$(id -g) $HOME $PWD"; echo x > made',
      );
      const { uid, gid } = user ?? { uid: 0, gid: 0 };
      expect(stdout).toBe(`${uid}:${gid} ${world.home} ${world.project}\n`);
      expect(code).toBe(0);
      const made = statSync(join(world.project, "made"));
      expect([made.uid, made.gid]).toEqual([uid, gid]);
    },
    MINUTES,
  );

  test(
    "there are no capabilities and no new privileges",
    async () => {
      const { stdout } = await probe(
        world,
        "grep -E '^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs)' /proc/self/status",
      );
      expect(
        stdout.split("\n").filter((line) => line.startsWith("Cap") && !/\t0+$/.test(line)),
      ).toEqual([]);
      expect(stdout).toContain("NoNewPrivs:\t1");
    },
    MINUTES,
  );

  test(
    "the tool's settings are created on the host as private files, and changes are written to them",
    async () => {
      const { code } = await probe(world, "echo state > ~/.codex/kept");
      expect(code).toBe(0);
      expect(statSync(join(world.home, ".codex")).mode & 0o777).toBe(0o700);
      expect(readFileSync(join(world.home, ".codex/kept"), "utf8")).toBe("state\n");
    },
    MINUTES,
  );
});

describe.each(BACKENDS)("%s: the configuration", (backend) => {
  const world = useWorld({ backend });
  const configure = (extra: object) =>
    put(world, "home/.config/silo/silo.jsonc", JSON.stringify({ ...PROBE_CONFIG, ...extra }));

  test(
    "read-only mounts cannot be written, read-write ones can, and missing ones are named",
    async () => {
      put(world, "ro/file", "kept");
      mkdirSync(join(world.root, "rw"));
      configure({ mounts_ro: [`${world.root}/ro`, "~/nowhere"], mounts_rw: [`${world.root}/rw`] });
      const { stdout, stderr } = await probe(
        world,
        `cat ${world.root}/ro/file; echo no > ${world.root}/ro/file || echo refused; echo yes > ${world.root}/rw/file`,
      );
      expect(stdout).toBe("keptrefused\n");
      expect(stderr).toContain(
        "warning: ~/nowhere does not exist and is not mounted (mounts_ro in ~/.config/silo/silo.jsonc)",
      );
      expect(readFileSync(join(world.root, "rw/file"), "utf8")).toBe("yes\n");
    },
    MINUTES,
  );

  test(
    "a symlinked directory is available at its own and its real path, also with commas and quotes",
    async () => {
      put(world, 'odd, "name"/file', "odd");
      put(world, "real/file", "linked");
      symlinkSync(join(world.root, "real"), join(world.home, "link"));
      configure({ mounts_ro: ["~/link", `${world.root}/odd, "name"`] });
      const { stdout } = await probe(
        world,
        `cat ~/link/file ${world.root}/real/file '${world.root}/odd, "name"/file'`,
      );
      expect(stdout).toBe("linkedlinkedodd");
    },
    MINUTES,
  );

  test(
    "variables are passed, including those that affect docker, and not in arguments",
    async () => {
      configure({
        env: [
          "SECRET_KEY",
          "SET=a b",
          "DOCKER_HOST=tcp://elsewhere",
          "http_proxy=http://p",
          "MULTI",
          "UNSET",
        ],
      });
      const { stdout, code } = await probe(
        world,
        'printf "%s|" "$SECRET_KEY" "$SET" "$DOCKER_HOST" "$http_proxy" "$MULTI" "${UNSET-not set}"',
        { env: { SECRET_KEY: "s3cret", MULTI: "two\nlines" } },
      );
      expect(stdout).toBe("s3cret|a b|tcp://elsewhere|http://p|two\nlines|not set|");
      expect(code).toBe(0);
    },
    MINUTES,
  );

  test(
    "the git identity and the worktree's git directory are available",
    async () => {
      put(world, "home/.gitconfig", "[user]\n\tname = Ada\n\temail = ada@example.org\n");
      const git = (...args: string[]) =>
        spawnSync("git", args, { cwd: world.project, env: world.env, encoding: "utf8" });
      git("init", "-q", "-b", "main");
      git("commit", "-q", "--allow-empty", "-m", "first");
      git("worktree", "add", "-q", join(world.root, "tree"));
      const { stdout } = await probe(
        world,
        "git -c safe.directory='*' commit -q --allow-empty -m inside && git -c safe.directory='*' log -1 --format='%an <%ae> %s'",
        { cwd: join(world.root, "tree") },
      );
      expect(stdout).toBe("Ada <ada@example.org> inside\n");
    },
    MINUTES,
  );

  test(
    "hooks run in order before the tool, and a failed hook stops the start",
    async () => {
      configure({ pre_run_hooks: ["export A=1 # comment", "export A=${A}2"] });
      expect((await probe(world, 'echo "$A"')).stdout).toBe("12\n");
      configure({ pre_run_hooks: ["exit 9"] });
      const failed = await probe(world, "echo never");
      expect(failed.code).toBe(9);
      expect(failed.stdout).toBe("");
      expect(failed.stderr).toContain("this hook ended with exit code 9:\nexit 9");
    },
    MINUTES,
  );

  test(
    "a forged .git file does not add a mount",
    async () => {
      put(world, "keys/id", "private");
      put(
        world,
        `${world.project.slice(world.root.length + 1)}/.git`,
        `gitdir: ${world.root}/keys\n`,
      );
      expect((await probe(world, `cat ${world.root}/keys/id || echo hidden`)).stdout).toBe(
        "hidden\n",
      );
    },
    MINUTES,
  );

  test(
    "no program in a hostile directory runs on the host",
    async () => {
      const inProject = (name: string, text: string) =>
        put(world, `${world.project.slice(world.root.length + 1)}/${name}`, text);
      const trap = join(world.root, "trapped");
      const evil = `require("node:fs").writeFileSync(${JSON.stringify(trap)}, process.env.HOME + process.argv[0])`;
      inProject(".env", "HOME=/evil\nPATH=/evil\n");
      inProject("bunfig.toml", 'preload = ["./evil.js"]\n');
      inProject("evil.js", evil);
      inProject("package.json", '{"name":"evil","scripts":{"start":"touch trapped"}}');
      inProject("node_modules/citty/index.js", evil);
      inProject("fly.toml", "app = 'evil'\n");
      chmodSync(inProject("docker", `#!/bin/sh\ntouch ${trap}\n`), 0o755);
      const { stdout, code } = await probe(world, "echo $HOME");
      expect([stdout, code]).toEqual([`${world.home}\n`, 0]);
      expect(() => statSync(trap)).toThrow();
    },
    MINUTES,
  );
});
