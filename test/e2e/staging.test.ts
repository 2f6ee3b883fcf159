import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { finished, probe, silo, startSilo, type Result } from "../support/silo.ts";
import { eventually } from "../support/eventually.ts";
import { destroyWorld, makeWorld, put, sweepWorld, type World } from "../support/world.ts";
import { PROBE_CONFIG, TESTER } from "../support/settings.ts";

// Single files, which a VM cannot mount, so they are copied and kept in sync.

const MINUTES = 5 * 60_000;

let world: World;
const fresh = () => makeWorld({ backend: "container", user: TESTER });
// Built here, since a build takes longer than the timeouts below.
beforeAll(async () => {
  world = fresh();
  expect((await probe(world, "true")).code).toBe(0);
  destroyWorld(world);
}, MINUTES);
beforeEach(() => {
  world = fresh();
  put(world, "home/s.json", '{"start":1}\n');
  configure({ mounts_rw: ["~/s.json"] });
});
afterEach(() => {
  expect(sweepWorld(world)).toEqual([]);
  destroyWorld(world);
});

const configure = (more: object) =>
  put(world, "home/.config/silo/silo.jsonc", JSON.stringify({ ...PROBE_CONFIG, ...more }));
const host = () => readFileSync(join(world.home, "s.json"), "utf8");
const value = () => JSON.parse(host()) as object;
const beside = () => readdirSync(world.home).filter((name) => name.includes("silo-conflict"));
const staged = () => join(world.home, ".local/state/silo/staged");
const left = () => (existsSync(staged()) ? readdirSync(staged()) : []);
const shared = (name: string) => join(world.project, name);
const there = (name: string) => eventually(`${name} is there`, () => existsSync(shared(name)));

/** Saves like an editor: a new file renamed over the old one. */
function saveOnHost(text: string): void {
  const temporary = join(world.home, "s.json.tmp");
  writeFileSync(temporary, text);
  renameSync(temporary, join(world.home, "s.json"));
}

/** A run whose tool is controlled by the test: `step N` waits for the file `goN`. */
function play(script: string, project = world.project) {
  const prelude = 'step() { touch "at$1"; until [ -e "go$1" ]; do sleep 0.05; done; }; ';
  const child = startSilo(world, ["codex", "--", "probe", prelude + script], { cwd: project });
  const result: Promise<Result> = finished(child);
  return { child, result };
}
const go = (n: number) => writeFileSync(shared(`go${n}`), "");

test(
  "changes of each side, in place or by renaming, are synced while the tool runs",
  async () => {
    const { result } = play(
      [
        `echo '{"guest":1}' > ~/s.json; step 1`,
        `until grep -q host2 ~/s.json; do sleep 0.05; done; step 2`,
        // Like a tool that does not know of the link, and so replaces it.
        `echo '{"guest":3}' > ~/new; mv ~/new ~/s.json; step 3`,
        `echo '{"guest":4}' > ~/new; mv ~/new ~/s.json; step 4`,
        `until grep -q host5 ~/s.json; do sleep 0.05; done; [ -L ~/s.json ] && echo linked; stat -c %a ~/s.json`,
      ].join("; "),
    );
    await eventually("the guest's words are here", () => host().includes('"guest":1'));
    go(1);
    saveOnHost('{"host2":1}\n');
    await there("at2");
    go(2);
    await eventually("its renamed file is here", () => host().includes('"guest":3'));
    go(3);
    await eventually("and the second one", () => host().includes('"guest":4'));
    go(4);
    saveOnHost('{"host5":1}\n');
    const { stdout, stderr, code } = await result;
    expect([code, stdout.split("\n")[0]]).toEqual([0, "linked"]);
    expect(stderr).not.toContain("warning");
    expect([beside(), left()]).toEqual([[], []]);
  },
  MINUTES,
);

test(
  "changes directly before the tool's exit are kept, with the file's owner and permissions",
  async () => {
    await probe(world, `echo '{"last":1}' > ~/new; mv ~/new ~/s.json`);
    expect(value()).toEqual({ last: 1 });
    const { uid, nlink } = statSync(join(world.home, "s.json"));
    expect([uid, nlink]).toEqual([TESTER.uid, 1]);
    expect(left()).toEqual([]);
  },
  MINUTES,
);

test(
  "two runs that share a file: different keys are merged, and no value of the same key is lost",
  async () => {
    const one = play('step 1; echo \'{"start":1,"one":1,"both":"one"}\' > ~/s.json; step 2');
    const two = play('step 3; echo \'{"start":1,"two":2,"both":"two"}\' > ~/s.json; step 4');
    await there("at1");
    await there("at3");
    go(1);
    go(3);
    await there("at2");
    await there("at4");
    go(2);
    go(4);
    const ends = await Promise.all([one.result, two.result]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(value()).toMatchObject({ start: 1, one: 1, two: 2 });
    const saved = beside().map((name) => readFileSync(join(world.home, name), "utf8"));
    expect(saved).toHaveLength(1);
    const both = `${host()}${saved.join("")}`;
    expect([both.includes('"both":"one"'), both.includes('"both":"two"')]).toEqual([true, true]);
    expect(ends.map(({ stderr }) => stderr).join("")).toContain(
      "was changed on the host and by the tool",
    );
  },
  MINUTES,
);

test(
  "text that both sides changed is the host's, and the tool's version is saved next to it",
  async () => {
    put(world, "home/notes.txt", "start\n");
    configure({ mounts_rw: ["~/notes.txt"] });
    const { result } = play("step 1; echo guest > ~/notes.txt");
    await there("at1");
    go(1);
    writeFileSync(join(world.home, "notes.txt"), "host\n");
    const { stderr } = await result;
    expect(readFileSync(join(world.home, "notes.txt"), "utf8")).toBe("host\n");
    const [name = ""] = beside();
    expect(readFileSync(join(world.home, name), "utf8")).toBe("guest\n");
    expect(stderr).toContain(
      `warning: ${world.home}/notes.txt was changed on the host and by the tool`,
    );
    expect(stderr).toContain(name);
  },
  MINUTES,
);

test(
  "after silo was killed, the next command syncs back the last changes of the tool",
  async () => {
    const { child, result } = play(
      "step 1; echo '{\"after\":1}' > ~/s.json; touch written; exec sleep 300",
    );
    await there("at1");
    child.kill("SIGKILL");
    await eventually("silo is dead", () => child.signalCode === "SIGKILL");
    go(1);
    await there("written");
    expect(value()).toEqual({ start: 1 });
    expect((await silo(world, ["ls", "-q"])).stdout).toBe("");
    expect(value()).toEqual({ after: 1 });
    expect(left()).toEqual([]);
    await result;
  },
  MINUTES,
);

test(
  "a read-only file is updated from the host and cannot be written",
  async () => {
    put(world, "home/ro.txt", "one");
    configure({ mounts_ro: ["~/ro.txt"] });
    const { result } = play(
      "cat ~/ro.txt; (echo no > ~/ro.txt) 2>/dev/null || echo refused; touch at1; until grep -q two ~/ro.txt; do sleep 0.05; done",
    );
    await there("at1");
    writeFileSync(join(world.home, "ro.txt"), "two");
    expect((await result).stdout).toBe("onerefused\n");
    expect(readFileSync(join(world.home, "ro.txt"), "utf8")).toBe("two");
  },
  MINUTES,
);

test(
  "a file in a mounted directory is not copied",
  async () => {
    put(world, "home/dir/inner.txt", "inner");
    configure({ mounts_rw: ["~/dir"], mounts_ro: ["~/dir/inner.txt"] });
    const { stdout } = await probe(
      world,
      "cat ~/dir/inner.txt; [ -L ~/dir/inner.txt ] || echo ' no link'; (echo x > ~/dir/inner.txt) 2>/dev/null || echo refused",
    );
    expect(stdout).toBe("inner no link\nrefused\n");
  },
  MINUTES,
);

test.each([
  ["a link to a file of the host", 'ln -sf /etc/hostname "$copy"'],
  ["a directory", 'rm "$copy"; mkdir "$copy"'],
  ["a pipe", 'rm "$copy"; mkfifo "$copy"'],
  ["a device of endless text", 'ln -sf /dev/zero "$copy"'],
])(
  "%s in place of the copy changes nothing on the host",
  async (_, trick) => {
    const { stderr, code } = await probe(world, `copy=$(readlink ~/s.json); ${trick}; sleep 0.6`);
    expect(code).toBe(0);
    expect(value()).toEqual({ start: 1 });
    expect(stderr).toContain("cannot sync");
  },
  MINUTES,
);

test(
  "half-written JSON never reaches the host",
  async () => {
    put(world, "home/t.json", '{"start":1}\n');
    configure({ mounts_rw: ["~/s.json", "~/t.json"] });
    const { result } = play(
      `printf '{"half":' > ~/s.json; echo '{"whole":1}' > ~/t.json; step 2; printf '1}' >> ~/s.json`,
    );
    const whole = () => readFileSync(join(world.home, "t.json"), "utf8").includes("whole");
    await eventually("what was written after it is here", whole);
    expect(value()).toEqual({ start: 1 });
    go(2);
    await result;
    expect(value()).toEqual({ half: 1 });
  },
  MINUTES,
);
