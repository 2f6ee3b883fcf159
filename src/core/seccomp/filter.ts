import { assembler, type Assembler, type Label } from "./bpf.ts";
import type { Inhabitant } from "./inhabitant.ts";
import { ERRNO, rulesFor, type Rule, type Test } from "./rules.ts";
import { ARCH_WORDS, callNumber, LAST_CALL, type Arch } from "./table.ts";

/** SECCOMP_RET_* of linux/seccomp.h. */
const ALLOW = 0x7fff_0000;
const REFUSE = 0x0005_0000;
const KILL = 0x8000_0000;

/** Offsets in struct seccomp_data: the call's number, the architecture, and the low half of the first argument. */
const CALL = 0;
const ARCH = 4;
const ARGUMENTS = 16;

const WHOLE = 0xffff_ffff;

/**
 * The seccomp filter of a sandbox, as an array of struct sock_filter for seccomp(2) and `bwrap --seccomp`.
 * Calls without a rule are allowed. It requires no_new_privs, which the caller sets (bwrap always does).
 *
 * A call by another architecture's convention kills the process, because a 32-bit program whose exit is refused would
 * loop forever. A call newer than the table fails with ENOSYS as on an older kernel, because no rule covers it; the same
 * comparison refuses the calls of x32, which begin at 0x40000000.
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

/** Adds the instructions of one call. All of their paths return, so the number of the call is still loaded after them. */
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
