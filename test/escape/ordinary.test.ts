import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { probe } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { file, liveBox, MINUTES, own, siloWithin, stage } from "./boxes.ts";
import { asUser } from "./plain.ts";

/*
 * Ordinary work with all protections. These tests are no attacks, so they have no rows in the table.
 */

const GIT = "git -c user.name=Ada -c user.email=ada@example.org";

/** A script that stops at the first failed line and prints it. */
const steps = (...lines: readonly string[]) =>
  ["set -e", "trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR", ...lines].join("\n");

describe.each([
  ["docker", "root", undefined],
  ["docker", "an ordinary user", TESTER],
  ["bwrap", "root", undefined],
  ["bwrap", "an ordinary user", TESTER],
] as const)("%s, as %s", (backend, _, user) => {
  const { project, configure } = stage(backend, user);

  const works = (what: string, body: (world: World) => Promise<void>) =>
    test(what, () => body(project()), MINUTES);

  /** Runs a script in the box; the error of a failure contains its output. */
  async function inside(world: World, ...lines: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await probe(world, steps(...lines));
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  }

  function onHost({ project: cwd, home, user: as }: World, ...words: readonly string[]): string {
    const [bin = "", ...args] = asUser({ user: as } as World, words);
    const env = { PATH: process.env["PATH"], HOME: home };
    const { status, stdout, stderr } = spawnSync(bin, args, { cwd, env, encoding: "utf8" });
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    return stdout;
  }

  works("git: commit, branch, remote add, push -u, pull, config, stash, rebase", async (world) => {
    onHost(world, "git", "init", "--quiet", "-b", "main");
    await inside(
      world,
      "git init --quiet --bare -b main remote.git",
      "echo remote.git > .git/info/exclude",
      `echo one > a && git add a && ${GIT} commit --quiet -m one`,
      'git remote add origin "$PWD/remote.git"',
      "git push --quiet -u origin main",
      "git checkout --quiet -b topic",
      `echo two > b && git add b && ${GIT} commit --quiet -m two`,
      "git config pull.rebase true && git config --get pull.rebase",
      `echo three >> a && ${GIT} stash --quiet && ${GIT} stash pop --quiet`,
      `git add a && ${GIT} commit --quiet --amend -m two`,
      `git checkout --quiet main && git pull --quiet && ${GIT} rebase --quiet topic`,
      "git push --quiet && git status --porcelain",
    );
    expect(onHost(world, "git", "log", "--format=%s")).toBe("two\none\n");
    expect(onHost(world, "git", "rev-parse", "--abbrev-ref", "main@{upstream}")).toBe(
      "origin/main\n",
    );
    expect(onHost(world, "git", "status", "--porcelain")).toBe("");
  });

  works("git in a linked worktree", async (world) => {
    const main = project();
    onHost(main, "git", "init", "--quiet", "-b", "main");
    onHost(
      main,
      "git",
      "-c",
      "user.name=Ada",
      "-c",
      "user.email=a@example.org",
      "commit",
      "--quiet",
      "--allow-empty",
      "-m",
      "one",
    );
    onHost(main, "git", "worktree", "add", "--quiet", "-b", "topic", join(world.project, "tree"));
    const tree = { ...world, project: join(world.project, "tree") };
    await inside(
      tree,
      `echo x > a && git add a && ${GIT} commit --quiet -m inside && git branch other`,
    );
    expect(onHost(main, "git", "log", "--format=%s", "topic")).toBe("inside\none\n");
    expect(onHost(main, "git", "branch", "--list", "other")).toContain("other");
  });

  works("a hook of the project's own, as husky sets it up, runs inside", async (world) => {
    onHost(world, "git", "init", "--quiet", "-b", "main");
    await inside(
      world,
      "mkdir .husky && printf '#!/bin/sh\\necho hooked > ran\\n' > .husky/pre-commit",
      "chmod +x .husky/pre-commit && git config core.hooksPath .husky",
      `echo x > a && git add a && ${GIT} commit --quiet -m one`,
      "cat ran",
    ).then((stdout) => expect(stdout).toBe("hooked\n"));
  });

  works("npm installs a package that runs a script of its own", async (world) => {
    const manifest = { name: "own", version: "1.0.0", scripts: { postinstall: "touch made" } };
    file(world, "own/package.json", JSON.stringify(manifest));
    file(world, "package.json", JSON.stringify({ name: "app", version: "1.0.0" }));
    own(world);
    await inside(
      world,
      // Uses the real npm, because the sandbox has silo's replacement if the host's node is too old.
      "npm=npm; [ ! -x /usr/bin/npm ] || npm=/usr/bin/npm",
      "tar -czf own.tgz --transform 's,^own,package,' own",
      "PATH=/usr/bin:$PATH $npm install --offline --no-audit --no-fund --loglevel=error ./own.tgz >&2",
      "test -e node_modules/own/made && test -e package-lock.json",
    );
    expect(existsSync(join(world.project, "node_modules/own/made"))).toBe(true);
  });

  works("a sign-in and a session stay for the next run", async (world) => {
    const auth = '{"OPENAI_API_KEY":"sk-own","tokens":null}';
    const session = ".codex/sessions/2026/11/26/rollout-1.jsonl";
    await inside(
      world,
      `mkdir -p ~/.codex && echo '${auth}' > ~/.codex/auth.json && chmod 600 ~/.codex/auth.json`,
      `mkdir -p ~/${session.replace(/\/[^/]*$/, "")} && echo '{"cwd":"'$PWD'"}' > ~/${session}`,
    );
    const next = await inside(world, "cat ~/.codex/auth.json", `cat ~/${session}`);
    expect(next).toBe(`${auth}\n{"cwd":"${world.project}"}\n`);
    expect(JSON.parse(readFileSync(join(world.home, ".codex/auth.json"), "utf8"))).toMatchObject({
      OPENAI_API_KEY: "sk-own",
    });
    expect(statSync(join(world.home, ".codex/auth.json")).mode & 0o777).toBe(0o600);
  });

  works("files are the user's own, with the usual permissions, links and times", async (world) => {
    file(world, "script.sh", "#!/bin/sh\necho ran\n");
    chmodSync(join(world.project, "script.sh"), 0o755);
    const stdout = await inside(
      world,
      "umask; echo x > new; mkdir dir; mkdir -p in/deep; echo y > in/deep/f; chmod 640 in/deep/f",
      "ln -s deep in/link; ./script.sh; cp -a in copy; tar -cpf in.tar in script.sh",
      "mkdir out; tar -xpf in.tar -C out; stat -c %a out/in/deep/f out/script.sh copy/deep/f; readlink out/in/link",
      "mv out/in/deep/f renamed; rm -r copy; ln renamed hard; touch -d 2020-01-02 new",
    );
    expect(stdout).toBe("0022\nran\n640\n755\n640\ndeep\n");
    const { uid, gid, mode, mtime } = statSync(join(world.project, "new"));
    expect([uid, gid, mode & 0o777]).toEqual([user?.uid ?? 0, user?.gid ?? 0, 0o644]);
    expect(mtime.getFullYear()).toBe(2020);
    expect(statSync(join(world.project, "dir")).mode & 0o777).toBe(0o755);
  });

  works("a server inside is reached by its published port", async (world) => {
    const port = await freePort();
    configure({ ports: [`${port}:${port}`] });
    file(world, "index.html", "served\n");
    own(world);
    const box = await liveBox(world, `exec python3 -m http.server ${port} --bind 0.0.0.0`);
    let text = "";
    const ask = () =>
      void fetch(`http://127.0.0.1:${port}/`).then(
        async (response) => {
          text = await response.text();
        },
        () => {},
      );
    await eventually("it answers", () => {
      ask();
      return text !== "";
    });
    expect(text).toBe("served\n");
    const { stdout } = await siloWithin(60, world, ["exec", box.name, "sh", "-c", "id -u; pwd"]);
    expect(stdout).toBe(`${user?.uid ?? 0}\n${world.project}\n`);
    expect((await box.stop()).code).toBe(0);
  });
});

/** An unused port. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
