import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { probe, siloCommand } from "../support/silo.ts";
import { destroyWorld, makeWorld, put, sweepWorld, type World } from "../support/world.ts";
import { PROBE_CONFIG, TESTER } from "../support/settings.ts";
import { ALLOW_ALL, byHand, shown, without } from "./by-hand.ts";

const MINUTES = 5 * 60_000;

/** A kernel setting that can be changed briefly without harm. */
const SETTING = "/proc/sys/kernel/printk_ratelimit";
const OWN_USER = /^user=\d+$/;
const asRoot = (word: string) => (OWN_USER.test(word) ? "" : word);

let world: World;
afterEach(() => {
  expect(sweepWorld(world)).toEqual([]);
  destroyWorld(world);
});

const run = (script: string) =>
  shown(world, ["codex", "--", "probe", script]).then(({ run: it }) => it);

describe("root's sandbox", () => {
  beforeEach(() => {
    world = makeWorld({ backend: "bwrap" });
  });

  test(
    "writes no setting of the kernel: neither the mount nor the user lets it",
    async () => {
      const before = readFileSync(SETTING, "utf8").trim();
      const write = `echo $((${before} + 1)) > ${SETTING}; [ -w /proc/sysrq-trigger ] && echo writable`;
      const value = () => readFileSync(SETTING, "utf8").trim();
      try {
        const { stdout, stderr } = await probe(world, write);
        expect([stdout, value()]).toEqual(["", before]);
        expect(stderr).toContain("Read-only file system");
        const open = without(await run(write), "--ro-bind-try", "/proc/sys", "/proc/sys");
        // The sandbox's own user alone suffices as well.
        expect([byHand(world, open).stdout, value()]).toEqual(["", before]);
        // Without both protections the write succeeds.
        byHand(world, open, asRoot);
        expect(value()).toBe(String(Number(before) + 1));
      } finally {
        writeFileSync(SETTING, before);
      }
    },
    MINUTES,
  );

  test(
    "is held to a number of processes, which the real root is not",
    async () => {
      put(
        world,
        "home/.config/silo/silo.jsonc",
        JSON.stringify({ ...PROBE_CONFIG, backends: { bwrap: { processes: 64 } } }),
      );
      const bomb = `perl -e 'my $n = 0; while ($n < 200) { my $child = fork; last if !defined $child; if (!$child) { sleep 60; exit } $n++ } print $n'`;
      const { stdout } = await probe(world, bomb);
      expect(Number(stdout)).toBeGreaterThan(20);
      expect(Number(stdout)).toBeLessThan(64);
      expect(byHand(world, await run(bomb), asRoot).stdout).toBe("200");
    },
    MINUTES,
  );

  test(
    "owns what root owns, writes what is root's, and nothing of another user",
    async () => {
      put(world, "home/own", "root's");
      writeFileSync(join(world.project, "theirs"), "theirs", { mode: 0o666 });
      spawnSync("chown", ["12345", join(world.project, "theirs")]);
      const { stdout, code } = await probe(
        world,
        "id -u; touch new; stat -c %u new theirs; echo more 2>/dev/null >> theirs; cat /proc/self/uid_map",
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(/^0\n0\n65534\n\s+0\s+\d+\s+1\n$/);
      expect(statSync(join(world.project, "new")).uid).toBe(0);
      expect(readFileSync(join(world.project, "theirs"), "utf8")).toBe("theirs");
    },
    MINUTES,
  );

  test(
    "does not start where the file system cannot give it a user of its own",
    async () => {
      await probe(world, "true");
      const [bin, args] = siloCommand(world, ["codex", "--", "probe", "id; touch ran"]);
      // The overlay is in a mount namespace of its own.
      const layers = ["lower", "upper", "work", "merged"].map((name) => join(world.root, name));
      for (const layer of layers) mkdirSync(layer);
      const [lower, upper, work, merged] = layers;
      const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
      const script = `mount -t overlay overlay -o ${options} ${merged} && mkdir ${merged}/p && cd ${merged}/p && "$@"`;
      const { status, stdout, stderr } = spawnSync(
        "unshare",
        ["--mount", "sh", "-ec", script, "sh", bin, ...args],
        { encoding: "utf8", env: { ...world.env }, input: "" },
      );
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("so the sandbox needs another user, but the file system of");
      expect(stderr).toContain("hint: run silo as an ordinary user");
    },
    MINUTES,
  );

  test(
    "writes a working directory of another user as that user",
    async () => {
      spawnSync("chown", ["-R", "12345:12345", world.project]);
      const { stdout } = await probe(world, "touch new; stat -c %u:%g . new");
      expect(stdout).toBe("0:0\n0:0\n");
      const { uid, gid } = statSync(join(world.project, "new"));
      expect([uid, gid]).toEqual([12_345, 12_345]);
    },
    MINUTES,
  );
});

describe.each([
  ["root", undefined],
  ["an ordinary user", TESTER],
])("the sandbox of %s", (_, user) => {
  beforeEach(() => {
    world = makeWorld({ backend: "bwrap", ...(user === undefined ? {} : { user }) });
  });

  test(
    "leaves no set-user-id program behind",
    async () => {
      const script = "cp /bin/true own; chmod 4755 own; ls own";
      const { stdout } = await probe(world, script);
      expect(stdout).toBe("own\n");
      // eslint-disable-next-line no-bitwise -- a mode is bits
      const mode = () => statSync(join(world.project, "own")).mode & 0o6000;
      expect(mode()).toBe(0);
      // Without the filter.
      byHand(world, await run(script));
      expect(mode()).toBe(0o4000);
    },
    MINUTES,
  );

  test(
    "makes no user namespace",
    async () => {
      const script = "unshare --user echo made || echo refused";
      expect((await probe(world, script)).stdout).toBe("refused\n");
      const { bin, args } = await run(script);
      const open = { bin, args: args.filter((word) => word !== "--disable-userns") };
      expect(byHand(world, open).stdout).toBe("made\n");
    },
    MINUTES,
  );

  test(
    "finds no key of the session that silo was started in",
    async () => {
      const [keyctl, addKey] = process.arch === "arm64" ? [219, 217] : [250, 248];
      // keyctl(2): KEYCTL_SEARCH in the session's keyring.
      const search = `perl -e 'my ($kind, $name) = ("user", "silo-canary"); print syscall(${keyctl}, 10, -3, $kind, $name, 0) > 0 ? "found" : "none"'`;
      const join = `my ($kind, $name, $value) = ("user", "silo-canary", "secret"); syscall(${keyctl}, 1, 0); syscall(${addKey}, $kind, $name, $value, 6, -3) > 0 or die; `;
      const within = (words: readonly string[], env: Record<string, string>) =>
        spawnSync("perl", ["-e", `${join} exec @ARGV`, "--", ...words], {
          cwd: world.project,
          encoding: "utf8",
          env,
          input: "",
        }).stdout;
      // The image is built first.
      await probe(world, "true");
      const [bin, args] = siloCommand(world, ["codex", "--", "probe", search]);
      expect(within([bin, ...args], { ...world.env })).toBe("none");
      if (user !== undefined) return;
      const command = await run(search);
      const env = {
        SILO_FILTER: ALLOW_ALL,
        BOX_HOME: world.home,
        BOX_PATH: "/opt/silo/bin:/usr/bin:/bin",
      };
      // Where the filter allows all, its own keyring holds; without that too, it is found.
      expect(within([command.bin, ...command.args], env)).toBe("none");
      const open = command.args.map((word) => word.replace('call("keyctl", 1, 0);', ""));
      expect(within([command.bin, ...open.map(asRoot).filter(Boolean)], env)).toBe("found");
    },
    MINUTES,
  );

  test(
    "gets no descriptor of silo's, and no file of the kernel that tells of the machine",
    async () => {
      const script =
        "ls /proc/self/fd | tr '\\n' ' '; for f in keys kcore timer_list; do head -c 1 /proc/$f 2>/dev/null; done; ls /proc/acpi /proc/scsi 2>/dev/null | grep -v :";
      const { stdout } = await probe(world, script);
      expect(stdout.trim()).toBe("0 1 2 3");
    },
    MINUTES,
  );

  test(
    "keeps its files in memory within a size",
    async () => {
      put(
        world,
        "home/.config/silo/silo.jsonc",
        JSON.stringify({ ...PROBE_CONFIG, backends: { bwrap: { tmp: "8m" } } }),
      );
      const places = `/tmp /var/tmp /run /dev/shm ${world.home}`;
      const script = `for place in ${places}; do head -c 9000000 /dev/zero 2>/dev/null > $place/big && echo $place; done; for place in / /dev /opt /etc; do touch $place/x 2>/dev/null && echo $place; done; true`;
      expect((await probe(world, script)).stdout).toBe("");
    },
    MINUTES,
  );
});
