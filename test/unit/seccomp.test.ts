import { describe, expect, test } from "bun:test";
import { assembler } from "../../src/core/seccomp/bpf.ts";
import { filterFor } from "../../src/core/seccomp/filter.ts";
import type { Inhabitant } from "../../src/core/seccomp/inhabitant.ts";
import { verdict } from "../support/bpf.ts";

const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const errno = (code: number) => 0x0005_0000 + code;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [errno(1), errno(38), errno(97)];

// Numbers and constants are copied from the kernel's headers, not taken from silo's own tables.
const WORD = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
const [I386, ARM] = [0x4000_0003, 0x4000_0028];
const ARCHES = ["x64", "arm64"] as const;
type Arch = (typeof ARCHES)[number];
type Numbers = { readonly x64?: number; readonly arm64?: number };

/** Upper bits that the kernel ignores, because it reads these arguments as 32 bits. */
const DIRT = [0n, 1n << 32n, 0xffff_ffffn << 32n, 0x8000_0000_0000_0000n];

function ask(
  arch: Arch,
  numbers: Numbers,
  args: readonly number[],
  inhabitant: Inhabitant = "root",
): number[] {
  const number = numbers[arch];
  if (number === undefined) return [];
  const program = filterFor(arch, inhabitant);
  const ways = DIRT.map((dirt) => args.map((value) => BigInt(value) + dirt));
  return [...new Set(ways.map((way) => verdict(program, { arch: WORD[arch], number, args: way })))];
}

const SOCKET = { x64: 41, arm64: 198 };
const SOCKETPAIR = { x64: 53, arm64: 199 };
const OPENAT = { x64: 257, arm64: 56 };
const [O_CREAT, O_WRONLY, TMPFILE, O_DIRECTORY] = [0o100, 0o1, 0o20000000, 0o200000];
const AT = 0xffff_ff9c;

describe.each(ARCHES)("the filter for %s", (arch) => {
  test.each([
    ["socket", SOCKET],
    ["socketpair", SOCKETPAIR],
  ] as const)("%s: four families of all", (_, numbers) => {
    const families = [...Array(64).keys(), 255, 0x7fff_ffff, 0xffff_ffff];
    const allowed = families.filter((family) => {
      const answers = ask(arch, numbers, [family, 1, 0]);
      expect([[ALLOW], [EAFNOSUPPORT]]).toContainEqual(answers);
      return answers[0] === ALLOW;
    });
    expect(allowed).toEqual([1, 2, 10, 16]);
  });

  test("netlink is limited to routes; other families allow any protocol", () => {
    expect(ask(arch, SOCKET, [16, 3, 0])).toEqual([ALLOW]);
    for (const protocol of [1, 4, 6, 9, 12, 15, 16, 0xffff_ffff])
      expect(ask(arch, SOCKET, [16, 3, protocol])).toEqual([EAFNOSUPPORT]);
    expect(ask(arch, SOCKET, [2, 1, 6])).toEqual([ALLOW]);
  });

  test.each([
    ["chmod", { x64: 90 }, [0]],
    ["fchmod", { x64: 91, arm64: 52 }, [3]],
    ["fchmodat", { x64: 268, arm64: 53 }, [AT, 0]],
    ["fchmodat2", { x64: 452, arm64: 452 }, [AT, 0]],
    ["creat", { x64: 85 }, [0]],
    ["mknod", { x64: 133 }, [0]],
    ["mknodat", { x64: 259, arm64: 33 }, [AT, 0]],
    ["open with O_CREAT", { x64: 2 }, [0, O_CREAT + O_WRONLY]],
    ["open with O_TMPFILE", { x64: 2 }, [0, TMPFILE + O_DIRECTORY + O_WRONLY]],
    ["openat with O_CREAT", OPENAT, [AT, 0, O_CREAT]],
    ["openat with O_TMPFILE", OPENAT, [AT, 0, TMPFILE + O_DIRECTORY]],
  ] as const)("%s: no set-id bit, and every other mode", (_, numbers, before) => {
    const modes = (wanted: (mode: number) => boolean) =>
      [0, 0o600, 0o755, 0o1777, 0o100_644, 0o4755, 0o2755, 0o6000, 0o104_755].filter(wanted);
    const setId = (mode: number) => Math.floor(mode / 0o2000) % 4 !== 0;
    const has = numbers[arch as keyof typeof numbers] !== undefined;
    for (const mode of modes(setId))
      expect(ask(arch, numbers, [...before, mode])).toEqual(has ? [EPERM] : []);
    for (const mode of modes((mode) => !setId(mode)))
      expect(ask(arch, numbers, [...before, mode])).toEqual(has ? [ALLOW] : []);
  });

  test("an ordinary user may set the set-group-id bit, which shared repositories need, but not set-user-id", () => {
    const fchmod = { x64: 91, arm64: 52 };
    for (const [mode, answer] of [
      [0o2775, ALLOW],
      [0o4755, EPERM],
      [0o6755, EPERM],
    ] as const) {
      expect(ask(arch, fchmod, [3, mode], "user")).toEqual([answer]);
      expect(ask(arch, OPENAT, [AT, 0, O_CREAT, mode], "user")).toEqual([answer]);
    }
  });

  test("the mode is ignored if a file is opened but not created", () => {
    expect(ask(arch, OPENAT, [AT, 0, O_WRONLY, 0o6755])).toEqual([ALLOW]);
    expect(ask(arch, { x64: 2 }, [0, O_WRONLY, 0o6755])).toEqual(arch === "x64" ? [ALLOW] : []);
  });

  test("ioctls that inject input are refused; others are allowed", () => {
    const numbers = { x64: 16, arm64: 29 };
    for (const request of [0x5412, 0x541c])
      expect(ask(arch, numbers, [0, request, 0])).toEqual([EPERM]);
    for (const request of [0, 0x5401, 0x5413, 0x541b, 0x541d, 0x8933, 0xffff_ffff])
      expect(ask(arch, numbers, [0, request, 0])).toEqual([ALLOW]);
  });

  test("clone and unshare cannot create namespaces; processes and threads are allowed", () => {
    const [clone, unshare] = [
      { x64: 56, arm64: 220 },
      { x64: 272, arm64: 97 },
    ];
    for (const bit of [17, 25, 26, 27, 28, 29, 30]) {
      expect(ask(arch, clone, [2 ** bit + 17])).toEqual([EPERM]);
      expect(ask(arch, unshare, [2 ** bit])).toEqual([EPERM]);
    }
    expect(ask(arch, unshare, [0x80])).toEqual([EPERM]);
    // fork, vfork and a thread, as glibc, musl and Go start them; CLONE_FS | CLONE_FILES.
    for (const flags of [0x0120_0011, 0x4111, 0x003d_0f00, 0x007d_0f00, 0x0005_0f00])
      expect(ask(arch, clone, [flags])).toEqual([ALLOW]);
    expect(ask(arch, unshare, [0x600])).toEqual([ALLOW]);
  });

  test("personality allows a debugger's flags and reading the current value", () => {
    const numbers = { x64: 135, arm64: 92 };
    for (const value of [0, 8, 0x2_0000, 0x4_0000, 0x6_0008, 0xffff_ffff])
      expect(ask(arch, numbers, [value])).toEqual([ALLOW]);
    for (const value of [1, 0x10_0000, 0x40_0000, 0xffff_fffe])
      expect(ask(arch, numbers, [value])).toEqual([EPERM]);
  });

  test("calls that are refused with any arguments, and no others", () => {
    const program = filterFor(arch, "root");
    const own = (list: string) => list.split(" ").map(Number);
    const everywhere = "428 429 430 431 432 433 442 443 467";
    const refused = {
      x64: own(
        `103 153 155 163 164 165 166 167 168 169 172 173 175 176 179 212 227 246 248 249 250 298 300 304 308 313 320 321 323 ${everywhere}`,
      ),
      arm64: own(
        `18 40 41 39 58 60 89 104 105 106 112 116 142 170 217 218 219 224 225 241 262 265 268 273 280 282 294 ${everywhere}`,
      ),
    }[arch];
    const missing = arch === "x64" ? [134, 156] : [];
    const found = { [EPERM]: [] as number[], [ENOSYS]: [] as number[] };
    const args = [2n, 0n, 0n, 0n, 0n, 0n];
    for (let number = 0; number <= 469; number += 1) {
      // The flags of fork, the most common use of clone; 2 is not a valid personality.
      const answer = verdict(program, { arch: WORD[arch], number, args });
      if (answer !== ALLOW) found[answer]?.push(number);
    }
    const personality = arch === "x64" ? 135 : 92;
    expect(found[EPERM]).toEqual([...refused, personality].toSorted((a, b) => a - b));
    expect(found[ENOSYS]).toEqual([...missing, 425, 426, 427, 435, 437]);
  });

  test("calls newer than the table and x32 calls fail with ENOSYS", () => {
    const program = filterFor(arch, "root");
    for (const number of [470, 511, 548, 0x4000_0000, 0x4000_0029, 0x4000_0200, -1])
      expect(verdict(program, { arch: WORD[arch], number })).toBe(ENOSYS);
    expect(verdict(program, { arch: WORD[arch], number: 469 })).toBe(ALLOW);
  });

  test("a call by another architecture's convention kills the process", () => {
    const program = filterFor(arch, "root");
    const other = arch === "x64" ? WORD.arm64 : WORD.x64;
    for (const word of [I386, ARM, other, 0, 0xffff_ffff])
      for (const number of [0, 1, 102, 359, 425])
        expect(verdict(program, { arch: word, number })).toBe(KILL);
  });
});

describe("the assembler", () => {
  /** A program with a jump over this number of instructions. */
  function over(count: number): Uint8Array {
    const program = assembler();
    const far = program.label();
    program.ifEqual(1, { no: far });
    for (let i = 0; i < count; i += 1) program.load(0);
    program.place(far);
    program.end(0);
    return program.bytes();
  }

  test("a jump that is too long, backwards or without a target is an error", () => {
    expect(over(255)[3]).toBe(255);
    expect(() => over(256)).toThrow(RangeError);
    const program = assembler();
    const back = program.label();
    program.place(back);
    expect(() => program.ifEqual(1, { yes: back })).toThrow(RangeError);
    program.ifEqual(1, { yes: program.label() });
    program.end(0);
    expect(() => program.bytes()).toThrow(RangeError);
  });

  test("a program that is too long is an error", () => {
    expect(() => over(250).length).not.toThrow();
    const program = assembler();
    expect(() => {
      for (let i = 0; i < 5_000; i += 1) program.load(0);
    }).toThrow(RangeError);
  });
});
