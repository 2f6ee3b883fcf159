import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeGitDirectory, makeWorktreeDirectory } from "../support/git.ts";
import { probe, silo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { type World, useWorld } from "../support/world.ts";
import { BASE_IMAGE, PROBE_CONFIG, TESTER } from "../support/settings.ts";
import { canary, file, liveBox, MINUTES, own, planned } from "./boxes.ts";
import { type Bind, asUser } from "./plain.ts";
import { bites, holds } from "./suite.ts";

/*
 * The attacks on mounts against podman, because it resolves and mounts paths differently.
 */

const PATHS = "a path with a control character or invalid UTF-8";
const SWAP = "a directory replaced by a symlink between the check and the mount";
const PARENT = "the parent of a read-only mount renamed away";
const APPROVED = "an approved mount replaced by a symlink";

const AGENT = readFileSync(join(import.meta.dir, "swap.pl"), "utf8");
const CONFIG = { ...PROBE_CONFIG, backends: { docker: { command: "podman" } } };
/** Number of starts against each agent. */
const STARTS = 30;

const prepare = join(import.meta.dir, "../e2e/podman.sh");
const prepared = spawnSync("bash", [prepare], { encoding: "utf8" });
if (prepared.status !== 0) process.stderr.write(prepared.stderr);
if (prepared.status !== 0 && prepared.status !== 3) throw new Error("podman could not be prepared");

const isDirectory = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory();

describe.skipIf(prepared.status !== 0).each([
  ["root", undefined],
  ["an ordinary user", TESTER],
] as const)("podman, as %s", (who, user) => {
  const settings = { CONTAINERS_CONF: prepared.stdout.trim() };
  // Rootless podman keeps its images in the home directory, so the base image has to be loaded there.
  const images = { XDG_DATA_HOME: `/tmp/silo-podman-${TESTER.uid}/.local/share` };
  const env = user === undefined ? settings : { ...settings, ...images };
  const world = useWorld({ backend: "podman", config: CONFIG, env, user }, "block");

  const configure = (more: object) => {
    file(world, "~/.config/silo/silo.jsonc", JSON.stringify({ ...CONFIG, ...more }));
  };
  const project = (above = world.root): World => {
    const made = { ...world, project: join(above, `p${crypto.randomUUID().slice(0, 8)}`) };
    mkdirSync(made.project, { recursive: true });
    own(made);
    return made;
  };

  /** A container of podman without silo. */
  const plain = (here: World, binds: readonly Bind[], script: string): string => {
    const mounts = binds.flatMap(({ source, target, mode }) => [
      "--volume",
      `${source}:${target}:${mode}`,
    ]);
    const line = ["podman", "run", "--rm", "--pull=never", "--cap-drop=ALL", ...mounts];
    const words = [`--workdir=${here.project}`, BASE_IMAGE, "bash", "-c"];
    const home = `export HOME=${here.home}; ${script}`;
    const [bin = "", ...args] = asUser(here, [...line, ...words, home]);
    const env = { ...here.env };
    return spawnSync(bin, args, { cwd: "/", env, encoding: "utf8" }).stdout;
  };

  holds(PATHS, "podman", `a .git file with CR LF in it, as ${who}`, async () => {
    const here = project();
    const secret = canary(here);
    const common = join(here.home, ".claude/g\r\nh");
    makeGitDirectory(common);
    makeWorktreeDirectory(join(common, "worktrees/w"), join(here.project, ".git"));
    symlinkSync("..", join(here.home, ".claude/g\nh"));
    writeFileSync(join(here.project, ".git"), `gitdir: ${common}/worktrees/w\n`);
    own(here);
    const { stdout } = await probe(here, "cat ~/.claude/g*/.secret/key ~/.secret/key; echo looked");
    renameSync(join(here.home, ".claude"), join(here.root, `claude-${crypto.randomUUID()}`));
    expect(stdout).not.toContain(secret);
  });

  bites(PATHS, "podman", `the link beside it leads to the home directory, as ${who}`, () => {
    const here = project();
    const secret = canary(here);
    symlinkSync(here.home, join(here.project, "g"));
    own(here);
    const source = join(here.project, "g");
    expect(plain(here, [{ source, target: here.project, mode: "rw" }], "cat .secret/key")).toBe(
      secret,
    );
  });

  holds(SWAP, "podman", `${STARTS} starts in a subdirectory, as ${who}`, async () => {
    const outer = project(world.home);
    const inner = project(outer.project);
    const secret = canary(outer);
    file(inner, ".git/HEAD", "ref: refs/heads/main\n");
    symlinkSync("..", join(outer.project, "swap"));
    file(outer, "swap.pl", AGENT);
    own(outer);
    const name = inner.project.slice(outer.project.length + 1);
    const box = await liveBox(outer, `perl swap.pl ${name} swap ${name}/.git/HEAD`);
    let won = 0;
    for (let i = 0; i < STARTS; i++) {
      await eventually("it is a directory", () => isDirectory(inner.project) === true, MINUTES);
      const { stdout } = await probe(inner, "cat .secret/key");
      if (stdout.includes(secret)) won++;
    }
    await box.stop();
    expect(won).toBe(0);
    const calm = project();
    expect((await probe(calm, "echo ran")).stdout).toBe("ran\n");
  });

  bites(
    SWAP,
    "podman",
    `the planned mounts alone give what the link leads to, as ${who}`,
    async () => {
      const outer = project(world.home);
      const inner = project(outer.project);
      const secret = canary(outer);
      const { mounts } = await planned(inner);
      renameSync(inner.project, join(outer.project, "away"));
      symlinkSync("..", inner.project);
      expect(plain(inner, mounts, "cat .secret/key")).toBe(secret);
    },
  );

  const keep = "a/b/keep";
  const renaming = `{ mv a a.old && cp -r a.old a && echo evil > ${keep}/f; mv a/b a/b.old && cp -r a/b.old a/b && echo evil > ${keep}/f; } 2>/dev/null; echo tried`;

  holds(PARENT, "podman", `at every depth, as ${who}`, async () => {
    const here = project();
    const path = file(here, `${keep}/f`, "mine");
    own(here);
    configure({ mounts_ro: [join(here.project, keep)] });
    expect((await probe(here, renaming)).stdout).toBe("tried\n");
    configure({});
    expect(readFileSync(path, "utf8")).toBe("mine");
  });

  bites(PARENT, "podman", `a read-only mount goes with its parent, as ${who}`, () => {
    const here = project();
    const path = file(here, `${keep}/f`, "mine");
    own(here);
    const inner = join(here.project, keep);
    const binds = [
      { source: here.project, target: here.project, mode: "rw" },
      { source: inner, target: inner, mode: "ro" },
    ] as const;
    plain(here, binds, renaming);
    expect(readFileSync(path, "utf8")).toBe("evil\n");
  });

  holds(APPROVED, "podman", `by a project's file, as ${who}`, async () => {
    const [app, lib] = [project(world.home), project(world.home)];
    const secret = canary(app);
    const path = join(lib.project, "data");
    file(lib, "data/f", "data");
    file(app, "silo.jsonc", JSON.stringify({ mounts_rw: [path] }));
    own(app);
    await silo(app, ["config", "trust"]);
    expect((await probe(app, `cat ${path}/f`)).stdout).toBe("data");
    await probe(lib, "rm -r data; ln -s .. data");
    expect((await probe(app, `cat ${path}/.secret/key`)).stdout).not.toContain(secret);
  });

  bites(APPROVED, "podman", `the name alone leads to the home directory, as ${who}`, () => {
    const [app, lib] = [project(world.home), project(world.home)];
    const secret = canary(app);
    symlinkSync("..", join(lib.project, "data"));
    own(lib);
    const bind = { source: join(lib.project, "data"), target: "/mnt", mode: "rw" } as const;
    expect(plain({ ...app, project: "/mnt" }, [bind], "cat .secret/key")).toBe(secret);
  });
});
