import { assembler, type Assembler, type Label } from "./bpf.ts";
import type { Inhabitant } from "./inhabitant.ts";
import { ERRNO, rulesFor, type Rule, type Test } from "./rules.ts";
import { ARCH_WORDS, callNumber, LAST_CALL, type Arch } from "./table.ts";

/** SECCOMP_RET_* of linux/seccomp.h. */
const ALLOW = 0x7fff_0000;
const REFUSE = 0x0005_0000;
const KILL = 0x8000_0000;

/** Offsets in struct seccomp_data: the call, the architecture, and the low half of each argument. */
const CALL = 0;
const ARCH = 4;
const ARGUMENTS = 16;

const WHOLE = 0xffff_ffff;

/**
 * The filter of a box as seccomp(2) and `bwrap --seccomp` take it: an array of struct sock_filter.
 * It allows what the rules do not name. It works alone with no_new_privs, which the caller sets (bwrap always does).
 *
 * A call by another architecture's convention ends the process: refused calls would keep a 32-bit program in an
 * endless loop at its exit. A call that is newer than the table is refused as an older kernel would (ENOSYS), since no
 * rule knows what it does; the calls of x32, which begin at 0x40000000, are refused by the same comparison.
 * @param arch the architecture of the kernel, as `process.arch` names it.
 */
export function filterFor(arch: Arch, inhabitant: Inhabitant): Uint8Array<ArrayBuffer> {
  const program = assembler();
  const [native, known] = [program.label(), program.label()];
  program.load(ARCH);
  program.ifEqual(ARCH_WORDS[arch], { yes: native });
  program.end(KILL);
  program.place(native);
  program.load(CALL);
  program.ifGreater(LAST_CALL, { no: known });
  program.end(REFUSE + ERRNO.ENOSYS);
  program.place(known);
  for (const rule of rulesFor(inhabitant)) {
    for (const name of rule.calls) {
      const number = callNumber(name, arch);
      if (number !== undefined) addCall(program, number, rule);
    }
  }
  program.end(ALLOW);
  return program.bytes();
}

/** The instructions of one call. Each of its ways ends, so the number of the call is still loaded after them. */
function addCall(program: Assembler, number: number, { refuse, unless, only }: Rule): void {
  const [other, refused] = [program.label(), program.label()];
  program.ifEqual(number, { no: other });
  for (const tests of unless ?? []) {
    const next = program.label();
    for (const test of tests) addTest(program, test, { no: next });
    program.end(ALLOW);
    program.place(next);
  }
  if (only !== undefined) {
    for (const test of only) addTest(program, test, { yes: refused });
    program.end(ALLOW);
  }
  program.place(refused);
  program.end(REFUSE + ERRNO[refuse]);
  program.place(other);
}

function addTest(
  program: Assembler,
  { arg, mask, value }: Test,
  ways: { readonly yes?: Label; readonly no?: Label },
): void {
  program.load(ARGUMENTS + 8 * arg);
  if (mask !== WHOLE) program.and(mask);
  program.ifEqual(value, ways);
}
