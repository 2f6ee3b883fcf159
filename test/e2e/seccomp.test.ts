import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filterFor } from "../../src/core/seccomp/filter.ts";
import { CALLS, expected, families, netlink, script, TYPING } from "../support/calls.ts";
import { onTerminal } from "../support/pty.ts";
import { probe, silo } from "../support/silo.ts";
import { put, type World, useWorld } from "../support/world.ts";
import { BASE_IMAGE, PROBE_CONFIG } from "../support/settings.ts";

const MINUTES = 5 * 60_000;
const [EPERM, EAFNOSUPPORT] = [1, 97];
const [SIGSEGV, SIGSYS] = [128 + 11, 128 + 31];

/** In a container a call that is not in the profile fails with EPERM; the filter for sandboxes has other errors. */
const IN_CONTAINER = [...CALLS, ...families(EPERM), ...netlink(EPERM)];
const IN_SANDBOX = [...CALLS, ...TYPING, ...families(EAFNOSUPPORT), ...netlink(EAFNOSUPPORT)];

/** `socket(AF_ALG, 15, 0)` by int 0x80 from a 64-bit program, whose exit code is the errno: an ELF by hand. */
function foreignCall(): Uint8Array {
  // mov eax, 359 (socket of i386); mov ebx, 38 (AF_ALG); mov ecx, 15; xor edx, edx; int 0x80;
  // mov edi, eax; neg edi; mov eax, 60 (exit of x86-64); syscall
  const code = Buffer.from("b867010000bb26000000b90f00000031d2cd8089c7f7dfb83c0000000f05", "hex");
  const [start, size] = [0x40_0000, 64 + 56 + code.length];
  const view = new DataView(new ArrayBuffer(size));
  const bytes = new Uint8Array(view.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (const [at, value] of [
    [16, 2],
    [18, 62],
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    view.setUint16(at, value, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(start + 64 + 56), true);
  view.setBigUint64(32, 64n, true);
  // One segment, readable and executable.
  view.setUint32(64, 1, true);
  view.setUint32(68, 5, true);
  for (const at of [80, 88]) view.setBigUint64(at, BigInt(start), true);
  for (const at of [96, 104]) view.setBigUint64(at, BigInt(size), true);
  view.setBigUint64(112, 0x1000n, true);
  bytes.set(code, 64 + 56);
  return bytes;
}

const foreign = process.arch === "x64";
const AS_BYTES = `printf '${[...foreignCall()].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}' > /tmp/foreign; chmod 755 /tmp/foreign; /tmp/foreign 2>/dev/null; echo $?`;

/** Ordinary commands; each line prints its number when it has succeeded, or if the program is missing. */
const WORK = `set -e
has() { command -v "$1" >/dev/null; }
node -e 'require("node:net").createServer().listen(0, function () { this.close(); console.log(1) })'
npm --version >/dev/null && echo 2
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
cd /tmp && git init -q one && git -C one commit -q --allow-empty -m first && git clone -q one two && git -C two gc -q && echo 3
{ ! has python3 || python3 -c 'import socket, subprocess, threading; socket.socket(); t = threading.Thread(target=lambda: subprocess.run(["true"])); t.start(); t.join()'; } && echo 4
{ ! has apt-get || apt-get --version >/dev/null; } && echo 5
mkdir a && echo x > a/f && ln a/f a/g && mkfifo a/p && tar cf a.tar a && mkdir b && tar xf a.tar -C b && cp -a a c && echo 6
printf 'int main(){return 0;}' > m.c && { ! has cc || { cc m.c -o m && ./m; }; } && echo 7
perl -e 'if (!fork) { exit } wait; print "8\\n"'
{ ! has ip || ip -brief address >/dev/null; } && getent hosts localhost >/dev/null && echo 9`;
const DONE = Array.from({ length: 9 }, (_, i) => `${i + 1}\n`).join("");

describe("in a container", () => {
  const world = useWorld({}, "block");
  const inProject = (name: string) => `${world.project.slice(world.root.length + 1)}/${name}`;
  const unconfined = (command: string, input = "") =>
    spawnSync(
      "docker",
      [
        ..."run --rm -i --pull=never --cap-drop=ALL --security-opt=no-new-privileges".split(" "),
        "--security-opt=seccomp=unconfined",
        BASE_IMAGE,
        "bash",
        "-c",
        command,
      ],
      { encoding: "utf8", input },
    ).stdout;

  test(
    "every forbidden socket family and call is refused, and works without the profile",
    async () => {
      const text = script(IN_CONTAINER);
      put(world, inProject("calls.pl"), text);
      const { stdout } = await probe(world, "perl calls.pl");
      expect(expected(IN_CONTAINER, true)(stdout)).toEqual([]);
      expect(expected(IN_CONTAINER, false)(unconfined("perl -", text))).toEqual([]);
    },
    MINUTES,
  );

  test.skipIf(!foreign)(
    "a call with another architecture's convention kills the process",
    async () => {
      const { stdout } = await probe(world, AS_BYTES);
      expect([SIGSYS, SIGSEGV]).toContain(Number(stdout));
      expect([22, SIGSEGV]).toContain(Number(unconfined(AS_BYTES)));
    },
    MINUTES,
  );

  test(
    "ordinary commands work, and a real agent starts",
    async () => {
      const { stdout, stderr } = await probe(world, WORK);
      expect({ stdout, stderr: stdout === DONE ? "" : stderr }).toEqual({
        stdout: DONE,
        stderr: "",
      });
      expect((await probe(world, "codex-real --version")).stdout).toContain("codex-cli");
    },
    MINUTES,
  );

  test(
    "the profile also applies to silo exec and to the first process",
    async () => {
      const { stdout } = await probe(
        world,
        "grep -h ^Seccomp: /proc/1/status /proc/self/status; perl -e 'chmod 04755, $0 or print $!+0' /dev/null",
      );
      expect(stdout).toBe("Seccomp:\t2\nSeccomp:\t2\n1");
    },
    MINUTES,
  );

  test(
    "the profile is written once, and again after it was deleted",
    async () => {
      const cache = join(world.home, ".cache/silo");
      const profiles = () => readdirSync(cache).filter((name) => name.startsWith("seccomp-"));
      expect(profiles()).toHaveLength(1);
      const [name = ""] = profiles();
      const before = statSync(join(cache, name)).ino;
      await probe(world, "true");
      expect(statSync(join(cache, name)).ino).toBe(before);
      rmSync(join(cache, name));
      expect((await probe(world, "echo again")).stdout).toBe("again\n");
      expect(profiles()).toEqual([name]);
    },
    MINUTES,
  );

  test(
    "a runtime that is not registered with the engine is an error, and no other runtime is used",
    async () => {
      const backends = { docker: { runtime: "silo-test-none" } };
      put(world, "home/.config/silo/silo.jsonc", JSON.stringify({ ...PROBE_CONFIG, backends }));
      const { code, stdout, stderr } = await probe(world, "echo ran");
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain('runtime "silo-test-none" is not registered with the engine');
      const runc = { docker: { runtime: "runc" } };
      put(
        world,
        "home/.config/silo/silo.jsonc",
        JSON.stringify({ ...PROBE_CONFIG, backends: runc }),
      );
      expect((await probe(world, "echo ran")).stdout).toBe("ran\n");
      const { stdout: shown } = await silo(world, ["codex", "--dry-run"]);
      expect(shown).toContain("--runtime=runc");
      expect(shown).toMatch(/--security-opt=seccomp=\S+\/seccomp-[0-9a-f]{16}\.json/);
    },
    MINUTES,
  );
});

const bwrap = ["/usr/bin/bwrap", "/usr/local/bin/bwrap"].find((path) => existsSync(path));

describe.skipIf(bwrap === undefined)("in a sandbox of bwrap", () => {
  const file = join(tmpdir(), `silo-filter-${process.pid}.bpf`);
  beforeAll(() => {
    writeFileSync(file, filterFor(process.arch === "arm64" ? "arm64" : "x64", "root"));
  });
  afterAll(() => rmSync(file));
  const SANDBOX =
    "--unshare-all --share-net --die-with-parent --cap-drop ALL --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp";

  const inside = (command: string, filtered: boolean, input = "", mounts: string[] = []) =>
    spawnSync(
      bwrap ?? "",
      [
        ...SANDBOX.split(" "),
        ...mounts,
        ...(filtered ? ["--seccomp", "3"] : []),
        "bash",
        "-c",
        command,
      ],
      { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe", openSync(file, "r")] },
    );

  test("each family and each call is refused that is to be, and works without the filter", () => {
    const text = script(IN_SANDBOX);
    const answers = (filtered: boolean) =>
      expected(IN_SANDBOX, filtered)(inside("perl -", filtered, text).stdout);
    expect(answers(true)).toEqual([]);
    expect(answers(false)).toEqual([]);
  });

  test("a call that is newer than the filter's table fails with ENOSYS", () => {
    const call = `perl -e 'for (470, 600) { syscall($_); print $! + 0, " " }'`;
    expect(inside(call, true).stdout).toBe("38 38 ");
  });

  test.skipIf(!foreign)("a call with another architecture's convention kills the process", () => {
    expect([SIGSYS, SIGSEGV]).toContain(Number(inside(AS_BYTES, true).stdout));
    expect([22, SIGSEGV]).toContain(Number(inside(AS_BYTES, false).stdout));
  });

  test("the filter applies to every process, including the first", () => {
    const { stdout } = inside("grep -h ^Seccomp: /proc/[0-9]*/status | sort -u", true);
    expect(stdout).toBe("Seccomp:\t2\n");
  });

  test("ordinary commands work", () => {
    const { stdout, stderr } = inside(WORK, true);
    expect({ stdout, stderr: stdout === DONE ? "" : stderr }).toEqual({ stdout: DONE, stderr: "" });
  });

  test("as root git cannot make a directory set-group-id, and works in a directory with that bit", () => {
    const command = `cd /tmp; git init -q --shared one 2>&1; echo "ended with $?"`;
    expect(inside(command, true).stdout).toMatch(/by group\nended with 128/);
    const shared = mkdtempSync(join(tmpdir(), "silo-shared-"));
    try {
      spawnSync("git", ["init", "-q", "--shared", shared]);
      const commit = `umask 002; cd /tmp/shared && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && git gc -q && echo done`;
      const found = inside(commit, true, "", ["--bind", shared, "/tmp/shared"]);
      expect(found.stdout + found.stderr).toBe("done\n");
    } finally {
      rmSync(shared, { recursive: true });
    }
  });

  test("no input can be injected into its terminal", async () => {
    const typed = async (filter: string) => {
      const type = `perl -e '$_ = "x"; print ioctl(STDIN, 0x5412, $_) ? "typed" : $! + 0, ".\\n"'`;
      const pty = onTerminal(
        ["sh", "-c", `exec ${bwrap} ${SANDBOX} ${filter} bash -c "$1"`, "sh", type],
        { project: tmpdir(), env: { PATH: "/usr/bin:/bin" } } as unknown as World,
      );
      await pty.exited;
      await pty.shows(".");
      return pty.screen();
    };
    expect(await typed(`--seccomp 9 9<${file}`)).toContain("1.");
    // EIO where the kernel itself refuses it (dev.tty.legacy_tiocsti).
    expect(await typed("")).toMatch(/typed\.|5\./);
  });
});
