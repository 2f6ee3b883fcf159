import { describe, expect } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { probe, silo } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import type { World } from "../support/world.ts";
import { TESTER } from "../support/settings.ts";
import { canary, file, own, planned, stage } from "./boxes.ts";
import { type Bind, plainBox, plainLine } from "./plain.ts";
import { bites, holds, tableAtEnd } from "./suite.ts";

const PARENT = "the parent of a read-only mount renamed away";
const OWN = "silo's own settings as a symlink into the project";
const FILE = "a read-only file that the host replaces";
const APPROVED = "an approved mount replaced by a symlink";

const DEEP = "a/b/c/keep";

/** Tries to replace each parent directory of a read-only directory, the nearest first. */
function renaming(path: string): string {
  const parents: string[] = [];
  for (let at = path; at !== "."; at = dirname(at)) parents.push(at);
  const tries = parents.map(
    (parent) =>
      `mv ${parent} ${parent}.old && cp -r ${parent}.old ${parent} && echo evil > ${path}/f; rm -rf ${parent} 2>/dev/null && mkdir -p ${path} && echo evil > ${path}/f`,
  );
  return `{ echo evil > ${path}/f; ${tries.join("; ")}; } 2>/dev/null; echo tried`;
}

/** A project with directories that are configured read-only. */
function guarded(world: World): World {
  for (const path of [`${DEEP}/f`, ".git/hooks/f"]) file(world, path, "mine");
  own(world);
  return world;
}

const binds = ({ project }: World, path: string): readonly Bind[] => [
  { source: project, target: project, mode: "rw" },
  { source: join(project, path), target: join(project, path), mode: "ro" },
];

describe.each([
  ["docker", undefined],
  ["docker", TESTER],
  ["bwrap", undefined],
  ["bwrap", TESTER],
] as const)("%s", (backend, user) => {
  const { project, configure, world } = stage(backend, user);
  const who = user === undefined ? "root" : "an ordinary user";

  for (const path of [DEEP, ".git/hooks"]) {
    holds(
      PARENT,
      backend,
      `at every depth above ${path}, by the user's settings, as ${who}`,
      async () => {
        const here = guarded(project());
        configure({ mounts_ro: [join(here.project, path)] });
        const { stdout } = await probe(here, renaming(path));
        expect(stdout).toBe("tried\n");
        expect(readFileSync(join(here.project, path, "f"), "utf8")).toBe("mine");
      },
    );

    bites(PARENT, backend, `a read-only mount of ${path} goes with its parent, as ${who}`, () => {
      const here = guarded(project());
      plainBox(here, binds(here, path), renaming(path));
      expect(readFileSync(join(here.project, path, "f"), "utf8")).toBe("evil\n");
    });
  }

  holds(PARENT, backend, `by the project's own settings, as ${who}`, async () => {
    const here = guarded(project());
    file(here, "silo.jsonc", JSON.stringify({ mounts_ro: [DEEP] }));
    own(here);
    await probe(here, renaming(DEEP));
    expect(readFileSync(join(here.project, DEEP, "f"), "utf8")).toBe("mine");
  });

  holds(PARENT, backend, `all else in the project can be written, as ${who}`, async () => {
    const here = guarded(project());
    configure({ mounts_ro: [join(here.project, DEEP)] });
    const script =
      "echo x > a/new && echo x > a/b/new && mv a/new a/b/c/new && rm -r a/b/new && echo x > top";
    const { code, stdout } = await probe(here, `${script}; cat a/b/c/new top; cat ${DEEP}/f`);
    expect([code, stdout]).toEqual([0, "x\nx\nmine"]);
  });

  holds(OWN, backend, `the tool does not start where it could write them, as ${who}`, async () => {
    const here = project("home");
    const real = file(here, "silo.jsonc.global", readFileSync(settings(world()), "utf8"));
    const text = readFileSync(real, "utf8");
    renameSync(settings(here), join(here.root, "settings-aside"));
    symlinkSync(real, settings(here));
    own(here);
    try {
      const { code, stdout, stderr } = await probe(here, "echo ran; echo {} > silo.jsonc.global");
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("silo.jsonc");
      expect(readFileSync(real, "utf8")).toBe(text);
      // Elsewhere the same link does no harm.
      const other = project();
      expect((await probe(other, "echo ran")).stdout).toBe("ran\n");
    } finally {
      renameSync(join(here.root, "settings-aside"), settings(here));
    }
  });

  holds(OWN, backend, `a link of the whole directory stays read-only, as ${who}`, async () => {
    const here = project("home");
    const folder = dirname(settings(here));
    const moved = join(here.project, "silo");
    renameSync(folder, moved);
    symlinkSync(moved, folder);
    own(here);
    const text = readFileSync(settings(here), "utf8");
    try {
      await probe(
        here,
        `echo {} > silo/silo.jsonc; mv silo old; mkdir silo; echo {} > silo/silo.jsonc; true`,
      );
      expect(readFileSync(join(moved, "silo.jsonc"), "utf8")).toBe(text);
    } finally {
      renameSync(folder, join(here.root, `link-${crypto.randomUUID()}`));
      mkdirSync(folder);
      renameSync(join(moved, "silo.jsonc"), settings(here));
    }
  });

  bites(
    OWN,
    backend,
    `a read-only mount of the file falls off when the host saves it, as ${who}`,
    async () => {
      await replaced(project(), "settings");
    },
  );

  holds(FILE, backend, `the start warns of it, as ${who}`, async () => {
    const here = project();
    const path = file(here, "keep.txt", "mine");
    own(here);
    configure({ mounts_ro: [path] });
    const { stdout, stderr } = await probe(here, "cat keep.txt; echo evil > keep.txt");
    expect(stdout).toBe("mine");
    expect(readFileSync(path, "utf8")).toBe("mine");
    expect(stderr).toMatch(/^warning: .*keep\.txt/m);
  });

  bites(FILE, backend, `the mount falls off when the host saves the file, as ${who}`, async () => {
    await replaced(project(), "keep.txt");
  });

  holds(APPROVED, backend, `by a project's file, as ${who}`, async () => {
    const { app, lib, secret } = neighbours();
    file(app, "silo.jsonc", JSON.stringify({ mounts_rw: [`../${name(lib)}/data`] }));
    own(app);
    expect((await silo(app, ["config", "trust"])).code).toBe(0);
    const path = join(lib.project, "data");
    expect((await probe(app, `cat ${path}/f`)).stdout).toBe("data");
    await probe(lib, "rm -r data; ln -s .. data");
    const { stdout } = await probe(app, `cat ${path}/.secret/key ~/.secret/key`);
    expect(stdout).not.toContain(secret);
    expect(await mountedHomes(app)).toEqual([]);
  });

  holds(APPROVED, backend, `by the user's own file, as ${who}`, async () => {
    const { app, lib, secret } = neighbours();
    const path = join(lib.project, "data");
    configure({ mounts_rw: [path] });
    expect((await probe(app, `cat ${path}/f`)).stdout).toBe("data");
    await probe(lib, "rm -r data; ln -s .. data");
    const { stdout } = await probe(app, `cat ${path}/.secret/key ~/.secret/key`);
    expect(stdout).not.toContain(secret);
    expect(await mountedHomes(app)).toEqual([]);
  });

  bites(APPROVED, backend, `the name alone leads to the home directory, as ${who}`, async () => {
    const { app, lib, secret } = neighbours();
    const path = join(lib.project, "data");
    await probe(lib, "rm -r data; ln -s .. data");
    const bind = { source: path, target: "/mnt", mode: "rw" } as const;
    const { stdout } = plainBox({ ...app, project: "/mnt" }, [bind], "cat .secret/key");
    expect(stdout).toBe(secret);
  });

  const settings = ({ home }: World) => join(home, ".config/silo/silo.jsonc");
  const name = ({ project: path }: World) => path.slice(path.lastIndexOf("/") + 1);

  /** Two projects in the home directory; the second has a link to `..`, which is the home directory. */
  function neighbours(): { app: World; lib: World; secret: string } {
    const [app, lib] = [project("home"), project("home")];
    const secret = canary(app);
    file(lib, "data/f", "data");
    own(lib);
    return { app, lib, secret };
  }

  /** The planned mounts that contain the home directory; none if silo refuses the run. */
  async function mountedHomes(here: World): Promise<readonly Bind[]> {
    const mounts = await planned(here).then(
      (plan) => plan.mounts,
      () => [],
    );
    return mounts.filter(({ source }) => here.home.startsWith(source));
  }

  /** A box without silo, with a read-only file that the host saves meanwhile. */
  async function replaced(here: World, path: string): Promise<void> {
    const full = file(here, path, "mine");
    own(here);
    const wait = `touch up; until [ -e go ]; do sleep 0.05; done; echo evil > ${path}; cat ${path} >/dev/null`;
    const [bin = "", ...args] = plainLine(here, binds(here, path), wait);
    const box = Bun.spawn([bin, ...args], { stdout: "ignore", stderr: "ignore" });
    await eventually("the box is up", () => existsSync(join(here.project, "up")));
    writeFileSync(`${full}.new`, "saved");
    renameSync(`${full}.new`, full);
    own(here);
    writeFileSync(join(here.project, "go"), "");
    await box.exited;
    expect(readFileSync(full, "utf8")).toBe("evil\n");
  }
});

tableAtEnd("escape/mounts.test.ts");
