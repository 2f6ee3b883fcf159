import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { PROFILE_DIGESTS } from "../../src/core/seccomp/digest.ts";
import { engineProfile } from "../../src/core/seccomp/profile.ts";

type Argument = { index: number; value: number; valueTwo: number; op: string };
type Entry = { names: string[]; action: string; errnoRet?: number; args?: Argument[] };
type Profile = {
  defaultAction: string;
  defaultErrnoRet: number;
  archMap: { architecture: string; subArchitectures: string[] }[];
  architectures?: unknown;
  syscalls: Entry[];
};

const profile = JSON.parse(engineProfile("root")) as Profile;
const of = (name: string) => profile.syscalls.filter(({ names }) => names.includes(name));

/** The decision of libseccomp: any matching entry, otherwise the default. */
function answer(name: string, args: readonly number[] = []): string | number {
  const fits = ({ args: tests = [] }: Entry) =>
    tests.every(({ index, value, valueTwo, op }) => {
      expect(op).toBe("SCMP_CMP_MASKED_EQ");
      // eslint-disable-next-line no-bitwise -- what libseccomp does
      return ((args[index] ?? 0) & value) >>> 0 === valueTwo;
    });
  const found = of(name).find(fits);
  if (found === undefined) return profile.defaultErrnoRet;
  return found.action === "SCMP_ACT_ALLOW" ? "allow" : (found.errnoRet ?? 1);
}

describe("the engines' profile", () => {
  test("the digest in its name is that of its content", () => {
    for (const inhabitant of ["root", "user"] as const) {
      const digest = createHash("sha256").update(engineProfile(inhabitant)).digest("hex");
      expect<string>(PROFILE_DIGESTS[inhabitant]).toBe(digest);
    }
  });

  test("calls that are not listed are refused, and 32-bit architectures are not allowed", () => {
    expect([profile.defaultAction, profile.defaultErrnoRet]).toEqual(["SCMP_ACT_ERRNO", 1]);
    expect(profile.architectures).toBeUndefined();
    expect(profile.archMap).toEqual([
      { architecture: "SCMP_ARCH_X86_64", subArchitectures: [] },
      { architecture: "SCMP_ARCH_AARCH64", subArchitectures: [] },
    ]);
  });

  test("no entry tests an argument twice, because engines would treat that as alternatives", () => {
    for (const { args = [] } of profile.syscalls)
      expect(new Set(args.map(({ index }) => index)).size).toBe(args.length);
  });

  test("no call is allowed both with any arguments and with certain ones", () => {
    const free = profile.syscalls
      .filter(({ args, action }) => args === undefined && action === "SCMP_ACT_ALLOW")
      .flatMap(({ names }) => names);
    expect(new Set(free).size).toBe(free.length);
    for (const name of free) expect(of(name)).toHaveLength(1);
  });

  test.each(["socket", "socketpair"])("%s: four families", (name) => {
    const families = [...Array(64).keys()].filter((family) => answer(name, [family]) === "allow");
    expect(families).toEqual([1, 2, 10, 16]);
    expect(answer(name, [16, 3, 9])).toBe(1);
  });

  test.each([
    ["chmod", [0, 0o4755], [0, 0o755]],
    ["fchmod", [0, 0o2755], [0, 0o1777]],
    ["fchmodat", [0, 0, 0o4755], [0, 0, 0o755]],
    ["fchmodat2", [0, 0, 0o4755], [0, 0, 0o755]],
    ["creat", [0, 0o4755], [0, 0o644]],
    ["mknod", [0, 0o104_755], [0, 0o100_755]],
    ["mknodat", [0, 0, 0o102_755], [0, 0, 0o10_644]],
    ["open", [0, 0o101, 0o4755], [0, 0o101, 0o755]],
    ["openat", [0, 0, 0o20000002, 0o4755], [0, 0, 2, 0o4755]],
    ["clone", [0x1000_0011], [0x0120_0011]],
    ["unshare", [0x4000_0000], [0x200]],
    ["personality", [0x40_0000], [0xffff_ffff]],
  ])("%s %p is refused, %p is not", (name, bad, good) => {
    expect(answer(name, bad)).toBe(1);
    expect(answer(name, good)).toBe("allow");
  });

  test("calls whose arguments are in memory fail with ENOSYS", () => {
    for (const name of ["openat2", "clone3", "io_uring_setup", "io_uring_enter"])
      expect(answer(name)).toBe(38);
  });

  test.each(
    "socketcall keyctl add_key bpf perf_event_open userfaultfd mount setns fsopen kcmp syslog".split(
      " ",
    ),
  )("%s is refused", (name) => {
    expect(answer(name)).toBe(1);
  });

  test.each(
    "read execve mmap futex ptrace ioctl landlock_create_ruleset seccomp statx rseq splice".split(
      " ",
    ),
  )("%s is allowed", (name) => {
    expect(answer(name)).toBe("allow");
  });

  test("tracing is allowed only on kernels that filter a call after the tracer", () => {
    const [tracing] = of("ptrace");
    expect(tracing).toMatchObject({ includes: { minKernel: "4.8" } });
  });
});
